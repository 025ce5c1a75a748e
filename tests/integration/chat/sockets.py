"""The socket from outside: one person's connection to a real server, frame by frame."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.clients.rest import Rest, token_of
from tests.frames import check_frame, read_frame

Json = dict[str, Any]

INSTANCE_ID = "socket-tests"
ALLOWED_ORIGIN = "https://chat.example"

_SECONDS = 5.0
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Server:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(
        self, path: str = "/ws/v1", *, host: str | None = None, **options: Any
    ) -> AbstractAsyncContextManager[ClientConnection]:
        """A bare connection; `host` is what the URL calls the server."""
        return connect(
            f"ws://{host or '127.0.0.1'}:{self.port}{path}",
            host="127.0.0.1",
            proxy=None,
            ping_interval=None,
            open_timeout=_SECONDS,
            close_timeout=1,
            **options,
        )


class Socket:
    """One connection. A reply is waited for by its id; the events on the way to it are kept. Every
    frame is held against the AsyncAPI document."""

    def __init__(self, connection: ClientConnection, user_id: str, rest: Rest) -> None:
        self.user_id = user_id
        self.rest = rest
        self._connection = connection
        self._events: deque[Json] = deque()
        self._answers: deque[Json] = deque()
        self._next_id = 1_000

    async def send(self, frame: str | bytes | Mapping[str, Any]) -> None:
        if isinstance(frame, Mapping):
            frame = orjson.dumps(frame).decode()
        await self._connection.send(frame)

    async def event(self) -> Json:
        """The next event."""
        while not self._events:
            await self._read()
        return self._events.popleft()

    async def answer(self) -> Json:
        """The next reply or error."""
        while not self._answers:
            await self._read()
        return self._answers.popleft()

    async def ask(self, frame: str | bytes | Mapping[str, Any]) -> Json:
        """Send a frame and take its answer, whatever its id."""
        await self.send(frame)
        return await self.answer()

    async def command(self, kind: str, **fields: Any) -> Json:
        """The reply to a command, or its error, without the id."""
        self._next_id += 1
        answer = await self.ask({"id": self._next_id, "type": kind, **fields})
        check_frame(answer, command=kind)
        assert answer.pop("id") == self._next_id
        return answer

    async def do(self, kind: str, **fields: Any) -> Json:
        """The data of a reply."""
        answer = await self.command(kind, **fields)
        assert answer.keys() == {"type", "data"}, answer
        assert answer["type"] == "reply"
        data: Json = answer["data"]
        return data

    async def write(self, conversation_id: str, text: str, client_id: str) -> Json:
        """The message that was created."""
        data = await self.do(
            "message.send", conversation_id=conversation_id, text=text, client_id=client_id
        )
        assert data["created"] is True
        message: Json = data["message"]
        return message

    async def unread_events(self) -> list[Json]:
        """All events up to now: what was caused before is queued before the answer to a ping."""
        await self.do("ping")
        events = list(self._events)
        self._events.clear()
        return events

    async def _read(self) -> None:
        async with asyncio.timeout(_SECONDS):
            raw = await self._connection.recv()
        assert isinstance(raw, str)
        frame = read_frame(raw)
        if "event_id" in frame:
            self._events.append(frame)
        else:
            self._answers.append(frame)


def credentials(user_id: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(user_id)}"}


async def close_code(connection: ClientConnection) -> int:
    """The code that the server closes this connection with, before it has sent any frame."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(_SECONDS):
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd_then_sent
    return closed.value.rcvd.code


def durable(kind: str, conversation_id: str, version: int, data: Json) -> Json:
    """A durable event as the contract has it, but for its time. Its message may come from an answer
    of REST, which has one's own reactions too."""
    if "message" in data:
        data = {**data, "message": shared_message(data["message"])}
    return {
        "type": kind,
        "event_id": f"{conversation_id}.{version}",
        "instance_id": INSTANCE_ID,
        "conversation_id": conversation_id,
        "version": version,
        "data": data,
    }


def shared_message(message: Json) -> Json:
    """A message without what differs from person to person."""
    return {name: value for name, value in message.items() if name != "my_reactions"}


def soft(kind: str, data: Json, conversation_id: str | None = None) -> Json:
    """A soft event as the contract has it, but for its time and its id."""
    named = {} if conversation_id is None else {"conversation_id": conversation_id}
    return {"type": kind, "instance_id": INSTANCE_ID, **named, "data": data}


def without_time(event: Json) -> Json:
    """An event without `at`, which is a time; without the id of a soft one, which is opaque."""
    assert TIMESTAMP.fullmatch(event["at"])
    assert isinstance(event["event_id"], str)
    left_out = {"at"} if "version" in event else {"at", "event_id"}
    return {name: value for name, value in event.items() if name not in left_out}
