"""Sockets that do nothing by themselves: they neither ping nor read unless they are made to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.clients.rest import Data, token_of
from tests.frames import read_frame


@asynccontextmanager
async def raw(
    url: str, user_id: str, *, greeted: bool = True, **options: Any
) -> AsyncIterator[tuple[ClientConnection, Data]]:
    """A socket that does nothing by itself, and the data of its `hello`; none of it where one
    does not wait to be greeted."""
    connecting = connect(
        url.replace("http", "ws", 1) + "/ws/v1",
        additional_headers={"Authorization": f"Bearer {token_of(user_id)}"},
        compression=None,
        proxy=None,
        ping_interval=None,
        max_size=None,
        close_timeout=0.1,
        **options,
    )
    async with connecting as opened:
        hello: Data = read_frame(await opened.recv(decode=False))["data"] if greeted else {}
        yield opened, hello


async def close_code(opened: ClientConnection, *, seconds: float) -> int | None:
    """Read on until it is closed; None where it is not."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await opened.recv(decode=False)
    except ConnectionClosed:
        return opened.close_code or 1006
    except TimeoutError:
        return None
