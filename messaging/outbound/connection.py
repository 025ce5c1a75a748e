"""One connection of HTTP/1.1, which carries one request at a time."""

import asyncio
import select
from typing import cast

from messaging.outbound.answers import Answer, AnswerReader
from messaging.outbound.failures import NothingAnswered, OutboundFailed


class Connection(asyncio.Protocol):
    """The event loop's transport calls the methods of the protocol."""

    def __init__(self) -> None:
        self.reusable = False
        """Whether the latest answer leaves the connection ready for another request."""
        self._loop = asyncio.get_running_loop()
        self._lost = self._loop.create_future()
        self._transport: asyncio.Transport
        self._arrived = select.poll()
        self._reader: AnswerReader | None = None
        self._answer: asyncio.Future[Answer] | None = None

    @property
    def open(self) -> bool:
        return not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Return whether the connection is open, and nothing has arrived that the event loop has
        not read yet: its end, or an answer that nobody has asked for."""
        return self.open and not self._arrived.poll(0)

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and return its answer. Raises OutboundFailed. A caller that stops waiting
        ends the connection: the answer may still come, and would be taken for that of another
        request."""
        if not self.open:
            raise NothingAnswered
        self.reusable = False
        reader = self._reader = AnswerReader()
        self._answer = self._loop.create_future()
        self._transport.write(request)
        try:
            answer = await self._answer
            # A server may answer before it has read the request.
            self.reusable = reader.kept and self.open and not self._unsent()
            return answer
        finally:
            self._reader = self._answer = None
            reader.release()
            if not self.reusable:
                self.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    async def ended(self) -> None:
        """Wait until the connection has ended."""
        await asyncio.shield(self._lost)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._arrived.register(transport.get_extra_info("socket"), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._reader is None or self._answer is None or self._answer.done():
            self.reusable = False
            self.abort()  # nobody has asked
            return
        try:
            answer = self._reader.feed(data)
        except OutboundFailed as error:
            self._answer.set_exception(error)
        else:
            if answer is not None:
                self._answer.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self.reusable = False
        if not self._lost.done():
            self._lost.set_result(None)
        if self._reader is None or self._answer is None or self._answer.done():
            return
        try:
            self._answer.set_result(self._reader.end(cut=error is not None))
        except OutboundFailed as failed:
            self._answer.set_exception(failed)

    def _unsent(self) -> int:
        return self._transport.get_write_buffer_size()
