"""A TCP relay that can cut, hang and delay the connections that pass through it."""

import asyncio
from urllib.parse import urlsplit

from tests.listener import Listener

_CHUNK = 65_536
_MAX_UNDER_WAY = 1_000


def port_of(url: str) -> int:
    """The port of the server that a URL names."""
    port = urlsplit(url).port
    assert port is not None
    return port


class Relay(Listener):
    """Listens on a port of its own and passes on to another. Enter the context to start it."""

    def __init__(self, target_port: int) -> None:
        super().__init__()
        self.delay = 0.0
        """Seconds that everything takes in each direction."""
        self._target_port = target_port
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aexit__(self, *exc_info: object) -> None:
        await super().__aexit__(*exc_info)
        self._end_all()

    @property
    def open(self) -> int:
        """How many connections pass through it."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._refuses = True
        self._end_all()

    def drop(self) -> None:
        """End every connection, and what was on its way with them; new ones pass."""
        self._end_all()
        self.mend()

    def hang(self) -> None:
        """Take connections and pass on nothing, not even their ends."""
        self._flows.clear()

    def mend(self) -> None:
        """Pass everything on again; what hung goes on where it stood."""
        self.delay = 0.0
        self._refuses = False
        self._flows.set()

    def _end_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        if self._refuses:
            return
        there, onward = await asyncio.open_connection("127.0.0.1", self._target_port)
        ends = {writer, onward}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._carry(reader, onward))
                ways.create_task(self._carry(there, writer))
        except* OSError:
            pass
        finally:
            self._writers -= ends
            onward.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """In order, and as fast as without a delay."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MAX_UNDER_WAY)

        async def take() -> None:
            data = b"first"
            while data:
                await self._flows.wait()
                try:
                    data = await reader.read(_CHUNK)
                except OSError:
                    data = b""
                await under_way.put((loop.time() + self.delay, data))

        taking = asyncio.create_task(take())
        try:
            while True:
                due, data = await under_way.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._flows.wait()
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
