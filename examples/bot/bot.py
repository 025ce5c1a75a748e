"""`bot.py [PORT]`: a bot that throws dice. It answers messages such as `/roll 2d6`, in any
conversation, and greets people who are added.

It hears by webhooks and speaks by the token of a service account with the scope `send`. It stores
nothing. A webhook may come again, with the same `webhook-id`. The bot takes this id as the
`client_id` of its answer, so the chat stores one answer. The same dice fall each time, because the
content must be the same as well.
"""

import os
import random
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

_COMMAND = re.compile(r"/roll (\d{1,2})d(\d{1,3})", re.ASCII)
_MAX_BODY = 256 * 1024


class Bot:
    def __init__(self, chat: httpx.Client) -> None:
        self._chat = chat

    def handle(self, event: dict[str, Any], event_id: str) -> None:
        """Answer an event. Raises httpx.HTTPError: then the event comes again."""
        data = event["data"]
        if event["type"] == "message.created":
            message = data["message"]
            answer = self._roll(message)
            if answer is not None:
                self._send(message["conversation_id"], answer, event_id, reply_to=message["id"])
        elif event["type"] == "participant.added":
            people = [person["user_id"] for person in data["participants"]]
            text = "Welcome! Write /roll 2d6 to throw two dice."
            self._send(data["conversation_id"], text, event_id, mentions=people)

    def _roll(self, message: dict[str, Any]) -> str | None:
        if message["sender_id"].startswith("service:"):
            return None  # its own answers come as events, too
        found = _COMMAND.fullmatch(message["text"].strip())
        if found is None:
            return None
        number, sides = int(found[1]), int(found[2])
        if not number or not sides:
            return "Name at least one die with at least one side."
        dice = random.Random(message["id"])
        return " + ".join(str(dice.randint(1, sides)) for _ in range(number))

    def _send(self, conversation_id: str, text: str, event_id: str, **fields: Any) -> None:
        answer = self._chat.post(
            f"/conversations/{conversation_id}/messages",
            json={"text": text, "client_id": event_id[-128:], **fields},
        )
        if answer.status_code >= 500 or answer.status_code == 429:
            answer.raise_for_status()
        # Any other refusal stays one: the question was deleted, or its author has left.


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection open
    bot: Bot
    webhook: Webhook

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(size, _MAX_BODY))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            event = self.webhook.verify(body, headers)
            self.bot.handle(event, headers["webhook-id"])
        except WebhookVerificationError:
            self._answer(400)
        except httpx.HTTPError:
            self._answer(503)
        else:
            self._answer(204)

    def do_GET(self) -> None:
        self._answer(204)

    def log_message(self, *_: object) -> None:
        """Print nothing for each request."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main() -> None:
    chat = httpx.Client(
        base_url=f"{os.environ.get('CHAT_URL', 'http://127.0.0.1:8000')}/api/v1",
        headers={"Authorization": f"Bearer {os.environ['CHAT_TOKEN']}"},
        timeout=5.0,
    )
    Handler.bot = Bot(chat)
    Handler.webhook = Webhook(os.environ["CHAT_WEBHOOK_SECRET"])
    port = int((sys.argv[1:] or ["8300"])[0])
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
