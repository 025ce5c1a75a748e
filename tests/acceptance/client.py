"""A client that follows the contract to the letter and writes down what does not.

`Client` is one person's socket with the rules of the stream; `Rest` is the same person's HTTP.
What a client got is kept per stay: from being told of a conversation to its removal from it.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
from django.core import signing
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.development.instances import development_environment

Data = dict[str, Any]

_ANSWER_SECONDS = 15.0
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # httpx would load all certificates each time
_DURABLE_PEOPLE = frozenset({"participant.added", "participant.removed"})
_DURABLE = _DURABLE_PEOPLE | {
    "message.created",
    "message.updated",
    "message.deleted",
    "reaction.updated",
    "conversation.updated",
    "conversation.changes",
}


def token_of(user_id: str) -> str:
    """A development token of the instances that `config.development.instances` runs."""
    key = development_environment()["SECRET_KEY"]
    return signing.Signer(key=key, sep=".", salt="chat.development-token").sign_object(
        [user_id, time.time()]
    )


def http_client(url: str) -> httpx.AsyncClient:
    """What many `Rest` of one instance share."""
    # uvicorn closes what is idle for 5 s; a request that is just then on its way would be lost.
    limits = httpx.Limits(max_connections=8, keepalive_expiry=2)
    return httpx.AsyncClient(
        base_url=url, timeout=10, limits=limits, trust_env=False, verify=_NO_TLS
    )


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class Rest:
    """One person's requests; many of them share an `httpx.AsyncClient`."""

    def __init__(self, http: httpx.AsyncClient, user_id: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token_of(user_id)}"}

    async def request(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON; None for an empty one. Raises Refused."""
        response = await self._http.request(
            method, f"/api/v1{path}", json=body, params=query or None, headers=self._headers
        )
        answer: Any = orjson.loads(response.content) if response.content else None
        if response.is_error:
            raise Refused(response.status_code, answer["code"], answer["detail"])
        return answer

    async def create_group(self, *participant_ids: str, title: str) -> Data:
        body = {"kind": "group", "participant_ids": participant_ids, "title": title}
        conversation: Data = await self.request("POST", "/conversations", body)
        return conversation

    async def get_conversation(self, conversation_id: str) -> Data:
        conversation: Data = await self.request("GET", f"/conversations/{conversation_id}")
        return conversation

    async def add(self, conversation_id: str, user_id: str) -> None:
        path = f"/conversations/{conversation_id}/participants"
        await self.request("POST", path, {"user_ids": [user_id]})

    async def remove(self, conversation_id: str, user_id: str) -> None:
        path = f"/conversations/{conversation_id}/participants/{user_id}"
        await self.request("DELETE", path)

    async def send(self, conversation_id: str, text: str, client_id: str) -> Data:
        body = {"text": text, "client_id": client_id}
        message: Data = await self.request(
            "POST", f"/conversations/{conversation_id}/messages", body
        )
        return message

    async def history(self, conversation_id: str) -> list[Data]:
        """All messages, page by page."""
        messages: list[Data] = []
        more = True
        while more:
            page = await self._page(conversation_id, after=messages[-1]["seq"] if messages else 0)
            messages += page["items"]
            more = page["has_more_after"]
        return messages

    async def latest(self, conversation_id: str, *, above: int) -> list[Data]:
        """The messages above a version, read page by page from the latest one back.

        None of them was edited: what was said earlier has a lower version.
        """
        page = await self._page(conversation_id)
        messages: list[Data] = page["items"]
        while page["has_more_before"] and messages[0]["version"] > above:
            page = await self._page(conversation_id, before=messages[0]["seq"])
            messages = page["items"] + messages
        return [message for message in messages if message["version"] > above]

    async def _page(self, conversation_id: str, **where: int) -> Data:
        path = f"/conversations/{conversation_id}/messages"
        page: Data = await self.request("GET", path, limit=100, **where)
        return page


@dataclass(slots=True)
class Arrival:
    seq: int
    version: int
    id: str
    at: float | None
    """When the event was read from the socket (`time.perf_counter`); None for what was loaded."""


@dataclass(slots=True)
class Stay:
    """From being told of a conversation to being told that it is over."""

    messages: list[Arrival] = field(default_factory=list)
    above: int = 0
    """Only messages above this version are here: it was over before it could be loaded."""
    over: bool = False
    cut_short: bool = False
    """Over by `conversation.removed`: the last changes before it may be missing."""


@dataclass(slots=True)
class _Conversation:
    """What a client holds of one conversation."""

    stays: list[Stay]
    announced: int
    """The version that `hello` or `conversation.added` named."""
    on_wire: int
    """The highest version seen on the wire; events are above it."""
    cursor: int | None = None
    """None until it is loaded."""
    held: list[tuple[Data, float]] = field(default_factory=list)
    latest_sync: int | None = None

    @property
    def stay(self) -> Stay:
        return self.stays[-1]

    @property
    def inside(self) -> bool:
        return not self.stay.over


class Client:
    """One socket. Enter the context to connect; `violations` says what the server did wrong."""

    def __init__(self, user_id: str, url: str, http: httpx.AsyncClient) -> None:
        """`http` talks to the same instance."""
        self.user_id = user_id
        self.rest = Rest(http, user_id)
        self.violations: list[str] = []
        self.people: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = {}
        """Who was added or removed, by conversation and version."""
        self.holes = 0
        """How often an event did not follow the one before it: allowed, and healed by a sync."""
        self.hello: Data = {}
        self._url = url.replace("http", "ws", 1) + "/ws/v1"
        self._conversations: dict[str, _Conversation] = {}
        self._answers: dict[int, Callable[[Data], None]] = {}
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_id = 0

    async def __aenter__(self) -> Self:
        self._socket: ClientConnection = await connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {token_of(self.user_id)}"},
            compression=None,
            proxy=None,
            ping_interval=None,
            max_size=None,
            open_timeout=_ANSWER_SECONDS,
            close_timeout=1,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            await self.wait_until(lambda: bool(self.hello), "hello")
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._background(self._ping())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in (self._reader, *self._tasks):
            task.cancel()
        await asyncio.gather(self._reader, *self._tasks, return_exceptions=True)
        await self._socket.close()

    # What a person sees

    def stays(self, conversation_id: str) -> list[Stay]:
        conversation = self._conversations.get(conversation_id)
        return conversation.stays if conversation is not None else []

    def inside(self, conversation_id: str) -> bool:
        conversation = self._conversations.get(conversation_id)
        return conversation is not None and conversation.inside

    def has_reached(self, conversation_id: str, version: int) -> bool:
        """Whether everything up to this version is here; also when one is not inside."""
        conversation = self._conversations.get(conversation_id)
        if conversation is None or not conversation.inside:
            return True
        return conversation.cursor is not None and conversation.cursor >= version

    # What a person does

    async def send(self, conversation_id: str, text: str, client_id: str) -> Data:
        reply = await self.command(
            "message.send", conversation_id=conversation_id, text=text, client_id=client_id
        )
        message: Data = reply["message"]
        return message

    async def command(self, kind: str, **fields: Any) -> Data:
        """The reply's data. Raises Refused, TimeoutError."""
        answer: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        frame = self._command(kind, fields, lambda reply: _settle(answer, reply))
        await self._socket.send(frame)
        async with asyncio.timeout(_ANSWER_SECONDS):
            reply = await answer
        if reply["type"] == "error":
            raise Refused(reply["status"], reply["code"], reply["detail"])
        data: Data = reply["data"]
        return data

    async def wait_until_loaded(self, conversation_id: str) -> None:
        def loaded() -> bool:
            return self.inside(conversation_id) and self.has_reached(conversation_id, 0)

        await self.wait_until(loaded, "a conversation")

    async def wait_until(
        self, holds: Callable[[], bool], what: str, *, seconds: float = _ANSWER_SECONDS
    ) -> None:
        """Return once it holds, looked at after every frame. Raises AssertionError."""
        if holds():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((holds, future))
        try:
            async with asyncio.timeout(seconds):
                await future
        except (TimeoutError, ConnectionError):
            state = {
                key: (c.cursor, c.announced, c.on_wire) for key, c in self._conversations.items()
            }
            raise AssertionError(
                f"{self.user_id} waits in vain for {what}; cursor, announced, on the wire: {state};"
                f" violations: {self.violations}"
            ) from None

    async def _ping(self) -> None:
        """A silent client would be closed."""
        while True:
            await asyncio.sleep(self.hello["heartbeat_seconds"])
            await self.command("ping")

    # Frames

    async def _read(self) -> None:
        try:
            while True:
                raw = await self._socket.recv(decode=False)
                self._take(_decode(raw), time.perf_counter())
                self._look()
        except ConnectionClosed as closed:
            self._violated(f"closed: {closed}")
        except Exception as error:
            self._violated(f"unreadable: {error!r}")
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(ConnectionError())
        for answer in self._answers.values():
            answer({"type": "error", "status": 0, "code": "closed", "detail": self.violations[-1]})

    def _look(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for holds, future in waiters:
                if holds():
                    _settle(future, None)
                else:
                    self._waiters.append((holds, future))

    def _take(self, frame: Data, at: float) -> None:
        kind = frame["type"]
        if not self.hello and kind != "hello":
            self._violated(f"{kind} before hello")
        if kind in {"reply", "error"}:
            answer = self._answers.pop(frame["id"], None)
            if answer is None:
                self._violated(f"an answer to nothing: {frame}")
            else:
                answer(frame)
        elif kind == "hello":
            self._take_hello(frame["data"])
        elif kind == "conversation.added":
            added = frame["data"]["conversation"]
            self._told(added["id"], added["version"])
        elif kind == "conversation.removed":
            self._removed(frame["conversation_id"], cut_short=True)
        elif kind == "resync":
            self._sync(frame["conversation_id"])
        elif kind in _DURABLE:
            self._take_durable(frame, at)
        elif "conversation_id" in frame and not self.inside(frame["conversation_id"]):
            self._violated(f"{kind} of a conversation one is not in")

    def _take_hello(self, data: Data) -> None:
        if self.hello:
            self._violated("hello twice")
        self.hello = data
        for conversation_id, named in data["conversations"].items():
            self._told(conversation_id, named["version"])

    def _told(self, conversation_id: str, version: int) -> None:
        before = self._conversations.get(conversation_id)
        stays = before.stays if before is not None else []
        if before is not None and before.inside:
            self._violated(f"told again of {conversation_id} without a removal")
        conversation = _Conversation(stays=[*stays, Stay()], announced=version, on_wire=version)
        self._conversations[conversation_id] = conversation
        self._background(self._load(conversation_id, conversation))

    def _take_durable(self, event: Data, at: float) -> None:
        conversation_id, version = event["conversation_id"], event["version"]
        conversation = self._conversations.get(conversation_id)
        if event["event_id"] != f"{conversation_id}.{version}":
            self._violated(f"event_id {event['event_id']} of version {version}")
        if conversation is None:
            self._violated(f"version {version} before being added")
            return
        if not conversation.inside:
            self._violated(f"version {version} after the removal")
            return
        if version <= conversation.on_wire:
            self._violated(f"version {version} after {conversation.on_wire} on the wire")
        elif _since(event) > conversation.on_wire:
            self.holes += 1
        conversation.on_wire = max(conversation.on_wire, version)
        conversation.held.append((event, at))
        removed = event["type"] == "participant.removed" and self.user_id in _people(event)
        if conversation.cursor is not None:
            self._apply_held(conversation_id, conversation)
        elif removed:  # it was never loaded: the announcement is all that was known
            conversation.cursor = conversation.stay.above = conversation.announced
            self._apply_held(conversation_id, conversation)
        if removed:
            self._removed(conversation_id)

    def _apply_held(self, conversation_id: str, conversation: _Conversation) -> None:
        assert conversation.cursor is not None
        ahead = []
        for event, at in conversation.held:
            if event["version"] <= conversation.cursor:
                continue
            if _since(event) <= conversation.cursor:
                self._apply(conversation, event, at)
            else:
                ahead.append((event, at))
        conversation.held = ahead
        if ahead and conversation.latest_sync is None:
            self._sync(conversation_id)

    def _apply(self, conversation: _Conversation, event: Data, at: float) -> None:
        kind, data = event["type"], event["data"]
        if kind in _DURABLE_PEOPLE:
            key = (event["conversation_id"], event["version"])
            self.people[key] = (kind, _people(event))
        elif kind == "conversation.changes":
            for message in data["messages"]:
                if conversation.cursor is None or message["version"] > conversation.cursor:
                    self._keep(conversation, message, at)
        elif kind == "message.created":
            self._keep(conversation, data["message"], at)
            if data["message"]["version"] != event["version"]:
                self._violated(f"version {event['version']} brings another's message")
        conversation.cursor = event["version"]

    def _keep(self, conversation: _Conversation, message: Data, at: float | None) -> None:
        """A message that is new to this client."""
        messages = conversation.stay.messages
        if messages and message["seq"] <= messages[-1].seq:
            self._violated(f"seq {message['seq']} after {messages[-1].seq}")
        messages.append(Arrival(message["seq"], message["version"], message["id"], at))

    def _removed(self, conversation_id: str, *, cut_short: bool = False) -> None:
        conversation = self._conversations.get(conversation_id)
        if conversation is None or not conversation.inside:
            self._violated("removed from a conversation one is not in")
        else:
            conversation.stay.over = True
            conversation.stay.cut_short = cut_short

    # Loading and syncing

    async def _load(self, conversation_id: str, conversation: _Conversation) -> None:
        """Load what was added or named by `hello`, and what was said since one joined."""
        try:
            loaded = await self.rest.get_conversation(conversation_id)
            joined = {p["user_id"]: p["joined_version"] for p in loaded["participants"]}
            since = joined[self.user_id]
            if since > conversation.announced:
                return  # removed and added again: the events that say so are on their way
            messages = []
            if loaded["version"] > since:
                messages = await self.rest.latest(conversation_id, above=since)
        except Refused as refused:
            if refused.code == "not_a_participant":
                return  # the event that says so is on its way
            self._violated(f"loading: {refused}")
            return
        except httpx.HTTPError as error:
            self._violated(f"loading: {error!r}")
            return
        if self._conversations[conversation_id] is not conversation or not conversation.inside:
            return
        conversation.cursor = loaded["version"]
        for message in messages:
            if message["version"] <= loaded["version"]:
                self._keep(conversation, message, None)
        self._apply_held(conversation_id, conversation)
        if conversation.cursor < conversation.announced:
            self._sync(conversation_id)
        self._look()

    def _sync(self, conversation_id: str) -> None:
        conversation = self._conversations[conversation_id]
        if conversation.cursor is None:
            return  # being loaded

        def take(reply: Data) -> None:
            if conversation.latest_sync == command_id:
                conversation.latest_sync = None
                self._take_changes(conversation_id, conversation, reply)

        fields = {"conversations": {conversation_id: conversation.cursor}}
        frame = self._command("conversation.sync", fields, take)
        command_id = conversation.latest_sync = self._next_id
        self._background(self._socket.send(frame))

    def _take_changes(self, conversation_id: str, conversation: _Conversation, reply: Data) -> None:
        if self._conversations[conversation_id] is not conversation or not conversation.inside:
            return
        if reply["type"] == "error":
            self._violated(f"syncing: {reply}")
            return
        changes = reply["data"]["conversations"][conversation_id]
        match changes["status"]:
            case "forbidden":
                self._removed(conversation_id, cut_short=True)
            case "reset":
                conversation.cursor = None
                conversation.stay.messages.clear()
                self._background(self._load(conversation_id, conversation))
            case _:
                assert conversation.cursor is not None
                for message in changes["messages"]:
                    if message["version"] > conversation.cursor:
                        self._keep(conversation, message, None)
                conversation.cursor = max(conversation.cursor, changes["version"])
                if changes["more"]:
                    self._sync(conversation_id)
                self._apply_held(conversation_id, conversation)

    def _command(self, kind: str, fields: Mapping[str, Any], answer: Callable[[Data], None]) -> str:
        self._next_id += 1
        self._answers[self._next_id] = answer
        return orjson.dumps({"id": self._next_id, "type": kind, **fields}).decode()

    def _background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._violated(f"failed: {error!r}")

    def _violated(self, what: str) -> None:
        self.violations.append(f"{self.user_id}: {what}")


@lru_cache(maxsize=1_024)
def _decode(raw: bytes) -> Data:
    """An instance hands the same bytes to all its sockets; nobody changes what is decoded."""
    frame: Data = orjson.loads(raw)
    return frame


def _since(event: Data) -> int:
    """The version that an event follows."""
    if event["type"] == "conversation.changes":
        since: int = event["data"]["since"]
        return since
    version: int = event["version"]
    return version - 1


def _people(event: Data) -> tuple[str, ...]:
    return tuple(person["user_id"] for person in event["data"]["participants"])


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)
