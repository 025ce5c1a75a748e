"""One socket of the fault table, in any dialect: it is greeted, reads texts and writes them."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from tests.benchmarks.peers.dialects import Dialect

MARK = re.compile(r"~m(\d{8})~")
BROKEN = (OSError, EOFError, TimeoutError, InvalidHandshake, WebSocketException)
_SECONDS = 10


class Line:
    def __init__(self, socket: ClientConnection, dialect: Dialect, hello: str) -> None:
        self._socket = socket
        self._dialect = dialect
        self.hello = hello
        """The last text of the greeting."""

    async def write(self, text: str) -> None:
        await self._socket.send(text)

    async def read(self) -> str:
        """Return the next text that is not a ping. Raises one of `BROKEN`."""
        while True:
            text = await self._socket.recv()
            assert isinstance(text, str)
            if not self._dialect.ping or text != self._dialect.ping:
                return text
            await self._socket.send(self._dialect.pong)


@asynccontextmanager
async def open_line(
    port: int, dialect: Dialect, conversation: str, user: str
) -> AsyncIterator[Line]:
    """Connect, and be greeted. Raises one of `BROKEN`."""
    request, *rest = dialect.upgrade(conversation, user).rstrip("|").split("|")
    headers = dict(line.split(": ", 1) for line in rest)
    protocol = headers.get("Sec-WebSocket-Protocol")
    token = headers.get("Authorization")
    async with connect(
        f"ws://127.0.0.1:{port}{request.split()[1]}",
        additional_headers={"Authorization": token} if token else None,
        subprotocols=[Subprotocol(protocol)] if protocol else None,
        compression=None,
        proxy=None,
        max_size=None,
        open_timeout=_SECONDS,
        close_timeout=1,
    ) as socket:
        text = ""
        async with asyncio.timeout(_SECONDS):
            for wait, send in dialect.greeting(conversation, user):
                while wait and wait not in text:
                    text = str(await socket.recv())
                if send:
                    await socket.send(send)
                    text = ""
        yield Line(socket, dialect, text)
