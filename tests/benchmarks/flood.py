"""A flood from one person, in a process of its own: sends, typing, syncs, receipts, connects and
requests, as fast as they are taken, until it is ended. Whoever is thrown out comes back at once."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import django
import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

django.setup(set_prefix=False)

from messaging.domain.identifiers import random_id  # noqa: E402
from tests.clients.rest import Refused, Rest, http_client  # noqa: E402
from tests.integration.chat.sockets import Server, credentials  # noqa: E402

FLOODER = "mallory"
_THROWN_OUT = (ConnectionClosed, InvalidHandshake, OSError, httpx.HTTPError, Refused)


async def over_and_over(flood: Callable[[], Awaitable[None]]) -> None:
    while True:
        with contextlib.suppress(*_THROWN_OUT):
            await flood()
        await asyncio.sleep(0)


async def send_commands(server: Server, frame: Callable[[int], dict[str, Any]]) -> None:
    async with server.open(additional_headers=credentials(FLOODER)) as socket:
        reading = asyncio.create_task(read(socket))
        try:
            for number in itertools.count():
                await socket.send(json.dumps({"id": number, **frame(number)}))
        finally:
            reading.cancel()


async def read(socket: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass


async def connect_once(server: Server) -> None:
    async with server.open(additional_headers=credentials(FLOODER)) as socket:
        await socket.recv()


async def flood(server: Server, group: str) -> None:
    async with http_client(server.url) as http:
        rest = Rest(http, FLOODER)

        def message(number: int) -> dict[str, Any]:
            text = {"text": "spam", "client_id": str(number)}
            return {"type": "message.send", "conversation_id": group, **text}

        floods: list[Callable[[], Awaitable[None]]] = [
            lambda: send_commands(server, message),
            lambda: send_commands(
                server, lambda _: {"type": "typing.start", "conversation_id": group}
            ),
            lambda: send_commands(
                server, lambda _: {"type": "conversation.sync", "conversations": {group: 0}}
            ),
            lambda: send_commands(
                server,
                lambda number: {"type": "receipt.read", "conversation_id": group, "seq": number},
            ),
            lambda: send_commands(
                server,
                lambda number: {
                    "type": "receipt.delivered",
                    "conversation_id": group if number % 2 else random_id(),
                    "seq": 1,
                },
            ),
            lambda: connect_once(server),
            lambda: rest.request("GET", f"/conversations/{group}/changes", since=0),
        ]
        await asyncio.gather(*map(over_and_over, floods))


if __name__ == "__main__":
    asyncio.run(flood(Server(int(sys.argv[1])), sys.argv[2]))
