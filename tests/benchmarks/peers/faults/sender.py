"""Senders: each sends its numbers one by one, and again until the server has acknowledged them."""

import asyncio
import contextlib
import time

from tests.benchmarks.peers.dialects import DOOR, Dialect
from tests.benchmarks.peers.faults.line import BROKEN, Line, open_line

_RETRY_SECONDS = 0.25
_ANSWER_SECONDS = 5.0
_MOST_REFUSALS = 20


class Sender:
    def __init__(
        self, port: int, dialect: Dialect, conversation: str, user: str, *, stores: bool
    ) -> None:
        """`stores`: whether the peer stores and acknowledges; otherwise written counts as sent."""
        self.acknowledged: dict[int, float] = {}
        """When each number was acknowledged."""
        self._port, self._dialect = port, dialect
        self._conversation, self._user = conversation, user if stores else DOOR
        self._stores = stores
        self._command = (dialect.send() if stores else None) or dialect.fan(1)

    async def send(self, first: int, last: int, *, step: int = 1, pause: float = 0.0) -> None:
        """Send these numbers, with so many seconds between them."""
        numbers = list(range(first, last + 1, step))
        refusals = 0
        while numbers:
            with contextlib.suppress(*BROKEN):
                async with open_line(
                    self._port, self._dialect, self._conversation, self._user
                ) as line:
                    while numbers:
                        if await self._send_one(line, numbers[0]):
                            self.acknowledged[numbers.pop(0)] = time.monotonic()
                            refusals = 0
                        elif (refusals := refusals + 1) == _MOST_REFUSALS:
                            numbers.pop(0)  # never acknowledged, so it is due to nobody
                            refusals = 0
                        await asyncio.sleep(pause)
            await asyncio.sleep(_RETRY_SECONDS if numbers else 0)

    async def _send_one(self, line: Line, number: int) -> bool:
        """Return whether the server has acknowledged it. Raises one of `BROKEN`."""
        command = self._command.replace("CONVERSATION", self._conversation)
        await line.write(command.replace("NUMBER", f"{number:08}"))
        if not self._stores:
            return True
        async with asyncio.timeout(_ANSWER_SECONDS):
            while True:
                text = await line.read()
                if self._dialect.refused in text:
                    return False
                if self._dialect.acknowledged in text:
                    return True
