"""Lets the checking suite speak to the package: docs/checking-a-client.md has the protocol."""

import asyncio
import json
import sys
from typing import Any

import httpx

from chat_client import ChatClient, Conversation
from chat_client.presence import Presence

Json = dict[str, Any]


class Adapter:
    def __init__(self, url: str, token_url: str) -> None:
        self._token_url = token_url
        self._http = httpx.AsyncClient()
        self._opened: dict[str, Conversation] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self.chat = ChatClient(url, self._token)
        self._presence = Presence(self.chat)
        self._stop_watching = self._presence.watch([])
        self.chat.conversations.subscribe(self._open_all)

    async def _token(self, *, expired: bool) -> str | None:
        return (await self._http.get(self._token_url)).raise_for_status().text

    def _open_all(self) -> None:
        """The suite looks into every conversation."""
        ids = {one.id for one in self.chat.conversations.snapshot.items}
        for id_ in ids - self._opened.keys():
            self._opened[id_] = self.chat.conversation(id_)
            opening = asyncio.ensure_future(self._opened[id_].open())
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
        for id_ in self._opened.keys() - ids:
            self._opened.pop(id_).close()

    def watch(self, user_ids: list[str]) -> None:
        self._stop_watching()
        self._stop_watching = self._presence.watch(user_ids)

    def state(self) -> Json:
        connection = self.chat.connection.snapshot
        waiting = [one for one in self.chat.pending if one.error is None]
        return {
            "connection": connection.state,
            "degraded": connection.degraded,
            "conversations": [
                self._conversation(one.id) for one in self.chat.conversations.snapshot.items
            ],
            "outbox": [
                {"conversation_id": one.conversation_id, "text": one.text} for one in waiting
            ],
            "failed": [
                {"text": one.text, "detail": one.error.detail}
                for one in self.chat.pending
                if one.error is not None
            ],
            "presence": {id_: one.status for id_, one in self._presence.snapshot.items()},
        }

    def _conversation(self, id_: str) -> Json:
        shown = self.chat.conversation(id_).snapshot
        data = shown.conversation
        assert data is not None
        return {
            "id": id_,
            "title": data.title,
            "messages": [
                {
                    "id": one.id,
                    "seq": one.seq,
                    "sender_id": one.sender_id,
                    "text": one.text,
                    "deleted": one.deleted_at is not None,
                }
                for one in shown.messages
            ],
            "read_seq": data.read_seq,
            "unread_count": data.unread_count,
            "receipts": {user_id: one.read_seq for user_id, one in shown.receipts.items()},
            "typing": list(shown.typing),
        }


async def main() -> None:
    """Carry out the lines of standard input until it ends."""
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    adapter: Adapter | None = None
    while line := await reader.readline():
        asked = json.loads(line)
        answer: Json = {"id": asked["id"]}
        match asked["do"]:
            case "connect":
                adapter = adapter or Adapter(asked["url"], asked["token_url"])
                await adapter.chat.connect()
            case "send" if adapter is not None:
                adapter.chat.conversation(asked["conversation_id"]).send(asked["text"])
            case "read" if adapter is not None:
                adapter.chat.conversation(asked["conversation_id"]).read(asked["seq"])
            case "watch" if adapter is not None:
                adapter.watch(asked["user_ids"])
            case "state" if adapter is not None:
                answer["state"] = adapter.state()
            case unknown:
                answer["error"] = f"cannot {unknown}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
