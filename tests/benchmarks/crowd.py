"""A crowd that chats: people of five kinds, their sockets, and what each of them is due."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.clients.rest import Rest, token_of

_CONNECTING_AT_ONCE = 32


class Kind(Enum):
    """What somebody does with a message."""

    ACKNOWLEDGING = "acknowledging"
    STALE = "stale"
    """Has a socket, and nobody is looking at it."""
    OFFLINE = "offline"
    MUTED = "muted"
    WITHOUT_DEVICE = "without device"


_OF_TEN = {
    Kind.ACKNOWLEDGING: 4,
    Kind.STALE: 1,
    Kind.OFFLINE: 3,
    Kind.MUTED: 1,
    Kind.WITHOUT_DEVICE: 1,
}

DUE = {Kind.STALE, Kind.OFFLINE}
"""Who is to be rung."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A conversation: somebody who writes, and up to four who are written to."""

    id: str
    sender: Rest
    people: Mapping[str, Kind]


class Crowd:
    def __init__(self, http: Sequence[httpx.AsyncClient], urls: Sequence[str]) -> None:
        self._http = http
        self._urls = urls
        self._kinds = self._endless_kinds()
        self.circles: list[Circle] = []

    async def found(self, conversations: int) -> None:
        """Conversations of two to five people each; nobody is in two of them."""
        places = asyncio.Semaphore(8)

        async def one(number: int) -> None:
            async with places:
                self.circles.append(await self._found_one(number))

        await asyncio.gather(*(one(number) for number in range(conversations)))

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[int]:
        """Everybody who has a socket has it; the value says how many those are."""
        with_socket = [
            (user_id, kind is Kind.ACKNOWLEDGING)
            for circle in self.circles
            for user_id, kind in circle.people.items()
            if kind in {Kind.ACKNOWLEDGING, Kind.STALE}
        ]
        places = asyncio.Semaphore(_CONNECTING_AT_ONCE)
        async with AsyncExitStack() as open_:

            async def enter(number: int, user_id: str, acknowledges: bool) -> None:
                url = self._urls[number % len(self._urls)]
                async with places:
                    socket = await open_.enter_async_context(_socket(url, user_id))
                    await socket.recv()
                task = asyncio.create_task(_listen(socket, acknowledges))
                open_.callback(task.cancel)

            await asyncio.gather(
                *(enter(number, *person) for number, person in enumerate(with_socket))
            )
            yield len(with_socket)

    async def _found_one(self, number: int) -> Circle:
        http = self._http[number % len(self._http)]
        people = {f"p{number}-{index}": next(self._kinds) for index in range(1 + number % 4)}
        for user_id, kind in people.items():
            if kind is not Kind.WITHOUT_DEVICE:
                body = {"token": user_id, "platform": "ios"}
                await Rest(http, user_id).request("PUT", "/devices/phone", body)
        sender = Rest(http, f"s{number}")
        conversation = await sender.create_group(*people, title=f"Circle {number}")
        for user_id, kind in people.items():
            if kind is Kind.MUTED:
                path = f"/conversations/{conversation['id']}/preferences"
                await Rest(http, user_id).request("PATCH", path, {"notify": "none"})
        return Circle(conversation["id"], sender, people)

    def _endless_kinds(self) -> Iterator[Kind]:
        """In their proportions, mixed the same way each time."""
        mixed = random.Random(5)
        while True:
            ten = [kind for kind in Kind for _ in range(_OF_TEN[kind])]
            mixed.shuffle(ten)
            yield from ten


def _socket(url: str, user_id: str) -> connect:
    return connect(
        url.replace("http", "ws", 1) + "/ws/v1",
        additional_headers={"Authorization": f"Bearer {token_of(user_id)}"},
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=60,
        close_timeout=1,
    )


async def _listen(socket: ClientConnection, acknowledges: bool) -> None:
    """Read everything; whoever is there says so, and acknowledges what arrives."""
    number = 0

    async def say(kind: str, **fields: Any) -> None:
        nonlocal number
        number += 1
        await socket.send(orjson.dumps({"id": number, "type": kind, **fields}).decode())

    async def stay() -> None:
        while True:
            if acknowledges:
                await say("activity", active=True)
            else:
                await say("ping")
            await asyncio.sleep(20)

    staying = asyncio.create_task(stay())
    try:
        async for raw in socket:
            frame = orjson.loads(raw)
            if acknowledges and frame["type"] == "message.created":
                seq = frame["data"]["message"]["seq"]
                await say("receipt.delivered", conversation_id=frame["conversation_id"], seq=seq)
    except ConnectionClosed:
        pass
    finally:
        staying.cancel()
