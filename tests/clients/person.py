"""A whole client: the rules of the stream, and those of the connection, the outbox and receipts."""

import asyncio
import contextlib
import random
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.clients.client import RETRY_SECONDS, Client
from tests.clients.known import Known
from tests.clients.outbox import Outbox, Waiting
from tests.clients.rest import Data, Refused, Rest, http_client
from tests.clients.soft import Soft

_COMES_BACK = frozenset({1001, 1006, 1009, 1011, 1012, 1013, 4502})
_REPLACED = 4506
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 30.0
_ANSWER_SECONDS = 10.0
_HELLO_SECONDS = 10.0


class Person(Client):
    """One person's client, which stays connected from `connect` on.

    `fault` names a rule that it breaks on purpose: see `tests.clients.adapter`.
    """

    def __init__(self, user_id: str, url: str, token_url: str, fault: str | None = None) -> None:
        self.http = http_client(url)
        super().__init__(user_id, url, self.http)
        self.checks_frames = False  # the relay does, and it changes frames
        self.url = url
        self.token_url = token_url
        self.fault = fault
        self.connection = "signed_out"
        self.outbox = Outbox()
        self.soft = Soft()
        self.watched: list[str] = []
        self.living: asyncio.Task[None] | None = None
        self.flushing: asyncio.Task[None] | None = None

    # What its owner asks for

    async def connect(self) -> None:
        """Sign in, or ask for a connection that was ended for good."""
        if self.living is None or self.living.done():
            self.living = asyncio.create_task(self.live())

    def say(self, conversation_id: str, text: str) -> None:
        self.outbox.add(conversation_id, text)
        self.flush()

    async def mark_read(self, conversation_id: str, seq: int) -> None:
        with contextlib.suppress(Refused, ConnectionClosed, TimeoutError):
            data = await self.command("receipt.read", conversation_id=conversation_id, seq=seq)
            self.soft.has_read(conversation_id, self.user_id, data["read_seq"])

    def watch(self, user_ids: list[str]) -> None:
        self.watched = user_ids
        self.background(self.watch_presence())

    def state(self) -> Data:
        """As docs/checking-a-client.md has it."""
        return {
            "connection": self.connection,
            "degraded": self.degraded,
            "conversations": [
                self.shown(id_, known)
                for id_, known in self.conversations.items()
                if (known.inside or self.fault == "keeps-ghosts") and known.cursor is not None
            ],
            "outbox": [
                {"conversation_id": one.conversation_id, "text": one.text}
                for one in self.outbox.waiting
            ],
            "failed": [{"text": one.text, "detail": one.detail} for one in self.outbox.failed],
            "presence": self.soft.presence,
        }

    def shown(self, conversation_id: str, known: Known) -> Data:
        messages = sorted(known.messages.values(), key=lambda message: message["seq"])
        read = dict(self.soft.read[conversation_id])
        for one in messages:  # one's own message is read, with all before it
            read[one["sender_id"]] = max(read.get(one["sender_id"], 0), one["seq"])
        read_seq = read.pop(self.user_id, 0)
        return {
            "id": conversation_id,
            "title": known.title,
            "messages": [
                {
                    **{name: one[name] for name in ("id", "seq", "sender_id", "text")},
                    "deleted": one["deleted_at"] is not None,
                }
                for one in messages
            ],
            "read_seq": read_seq,
            "unread_count": self.unread(conversation_id, read_seq),
            "receipts": read,
            "typing": self.soft.typing(conversation_id),
        }

    # The connection

    async def live(self) -> None:
        tries = 0
        while True:
            self.begin()
            self.connection = "connecting"
            code = await self.one_socket()
            tries = 0 if self.hello else tries + 1
            wait = self.retry_after
            self.hello = {}
            self.unanswered()
            if not self.comes_back_after(code):
                self.connection = "replaced" if code == _REPLACED else "signed_out"
                return
            self.connection = "waiting"
            if wait is None:
                wait = random.uniform(0, min(_FIRST_WAIT * 2**tries, _LONGEST_WAIT))
            await asyncio.sleep(wait)

    def comes_back_after(self, code: int) -> bool:
        if self.fault == "reconnects-always":
            return True
        return code < 4500 or code in _COMES_BACK

    async def one_socket(self) -> int:
        """Its close code."""
        try:
            await self.open(self.url, await self.fresh_token())
        except (OSError, EOFError, TimeoutError, InvalidHandshake, httpx.HTTPError):
            return 1006
        assert self.socket is not None
        try:
            await self.read(patience=self.patience)
        except TimeoutError:
            self.socket.transport.abort()
            return 1006
        except ConnectionClosed:
            pass
        return self.socket.close_code or 1006

    def patience(self) -> float:
        return 2 * self.hello["heartbeat_seconds"] if self.hello else _HELLO_SECONDS

    async def fresh_token(self) -> str:
        token = (await self.http.get(self.token_url)).raise_for_status().text
        self.rest = Rest(self.http, self.user_id, token)
        return token

    # Frames

    def take(self, frame: Data, at: float) -> None:
        if not isinstance(frame["data"], dict):
            return
        restores = self.restores
        super().take(frame, at)
        if self.restores > restores:
            self.soft.forget()
        self.soft.take(frame)
        match frame["type"]:
            case "hello":
                self.connection = "live"
                self.background(self.after_hello(frame["data"]))
            case "restored":
                self.background(self.load_receipts(*self.conversations))
            case "resync":
                self.background(self.load_receipts(frame["data"]["conversation_id"]))
            case "heartbeat":
                self.background(self.ask("ping"))
            case "auth.expiring":
                self.background(self.refresh())
            case "draining":
                self.background(self.leave())

    async def after_hello(self, hello: Data) -> None:
        self.flush()
        if hello["truncated"]:
            for id_, known in list(self.conversations.items()):
                left_out = id_ not in hello["conversations"]
                if left_out and known.inside and known.cursor is not None:
                    self.sync(id_, known)
        await self.watch_presence()
        await self.load_receipts(*self.conversations)

    async def watch_presence(self) -> None:
        if self.watched and (data := await self.ask("presence.watch", user_ids=self.watched)):
            for one in data["items"]:
                self.soft.presence[one["user_id"]] = one["status"]

    async def refresh(self) -> None:
        await self.ask("auth.refresh", token=await self.fresh_token())

    async def leave(self) -> None:
        if self.socket is not None:
            await self.socket.close(1001)

    async def ask(self, kind: str, **fields: Any) -> Data:
        """The data of the reply; nothing where there was none."""
        with contextlib.suppress(Refused, ConnectionClosed, TimeoutError):
            return await self.command(kind, **fields)
        return {}

    # The outbox

    def flush(self) -> None:
        """Send what waits, once there is a socket."""
        if self.flushing is None or self.flushing.done():
            self.flushing = asyncio.create_task(self.send_waiting())

    async def send_waiting(self) -> None:
        while self.hello and self.outbox.waiting:
            item = self.outbox.waiting[0]
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self.send(item.conversation_id, item.text, item.client_id)
            except Refused as refused:
                await self.refused(item, refused)
            except TimeoutError:
                self.another_id(item)
            except ConnectionClosed:
                self.another_id(item)
                return
            else:
                self.outbox.acknowledged(item)

    async def refused(self, item: Waiting, refused: Refused) -> None:
        if refused.status == 0:  # the socket ended
            self.another_id(item)
        elif refused.status >= 500 or refused.status == 429:
            await asyncio.sleep(random.uniform(RETRY_SECONDS, 2 * RETRY_SECONDS))
        else:
            self.outbox.refused(item, refused.detail)

    def another_id(self, item: Waiting) -> None:
        if self.fault == "doubles-on-retry":
            item.client_id += "-again"

    # What is loaded

    async def load_from_rest(self, conversation_id: str, known: Known) -> None:
        """Load a conversation and its latest page, whenever one joined."""
        try:
            loaded = await self.rest.get_conversation(conversation_id)
            messages = await self.rest.latest(conversation_id, above=loaded["version"])
        except Refused as refused:
            if refused.status in {403, 404}:
                self.take_not_loaded(known)
            else:
                self.not_loaded(conversation_id, known, refused)
        except httpx.HTTPError as error:
            self.not_loaded(conversation_id, known, error)
        else:
            self.take_loaded(conversation_id, known, loaded, messages)
            await self.load_receipts(conversation_id)

    def not_loaded(self, conversation_id: str, known: Known, error: Exception) -> None:
        self.load_again(conversation_id, known)

    async def load_receipts(self, *conversation_ids: str) -> None:
        for id_ in conversation_ids:
            with contextlib.suppress(Refused, httpx.HTTPError):
                receipts = await self.rest.request("GET", f"/conversations/{id_}/receipts")
                for one in receipts["items"]:
                    self.soft.has_read(id_, one["user_id"], one["read_seq"])

    def sync(self, conversation_id: str, known: Known) -> None:
        if self.fault != "ignores-holes":
            super().sync(conversation_id, known)

    def not_synced(self, conversation_id: str, known: Known, reply: Data) -> None:
        """With the next socket's `hello` it is asked for again."""
        known.latest_sync = None

    def finished(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
