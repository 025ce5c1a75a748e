"""Turns: an instance does little at once of one person, or of one address.

A burst within the rates would otherwise stand in the event loop in front of everybody else, and
slow reads of one person would hold up the reads of others. What comes meanwhile waits in its order.
Requests beyond the longest line are refused, and a refusal takes time: however many connections one
key has, it is refused at most a hundred times a second.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from messaging.domain.exceptions import RateLimited, StoreUnavailable

_LONGEST_PAUSE = 0.02
_RETRY_SECONDS = 1.0
_REFUSAL_SECONDS = 0.1
_REFUSALS_APART = 0.01
_LONGEST_REFUSAL = 4.0
"""Below the time that a request or a command may take."""
_MAX_REFUSALS = 10_000
"""How many refusals of all keys may wait at once; each takes a task and a timer."""


@dataclass(slots=True)
class _Line:
    """The places of one key that are taken, and the requests that wait for one."""

    loop: asyncio.AbstractEventLoop
    taken: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    refused_at: float = 0.0
    """When the latest refusal is due, on the monotonic clock."""


class Turns:
    """Keeps nothing of a key that has no request under way, so it is as large as the requests."""

    def __init__(
        self,
        *,
        places: int,
        most_waiting: int,
        patience: float | None = None,
        rests: bool = True,
        newest_first: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`places`: how many of one key are carried out at once. `patience`: seconds for which one
        may wait; None sets no limit. `rests`: a place stays empty afterwards for as long as it was
        taken, at most 20 ms, so that one key takes no more than half of the time of its places.
        `newest_first`: a free place goes to the one that came last. Under a flood, which nobody
        outwaits, a newcomer has a chance then, and the requests that time out are old ones.
        `clock`: tells for how long. `time.thread_time` counts what the event loop worked meanwhile,
        for whomever: then what waits for the store does not rest."""
        self._places = places
        self._most_waiting = most_waiting
        self._patience = patience
        self._rests = rests
        self._newest_first = newest_first
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._refusals = 0

    def is_full(self, key: str) -> bool:
        """Return whether one more of this key would be refused."""
        line = self._line(key)
        if line is None or line.taken < self._places:
            return False
        return len(line.waiting) >= self._most_waiting

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a place of this key, and have it for as long as the context is not left.

        Raises RateLimited where too many of the key wait already, after 0.1 to 4 seconds without a
        place: the more are refused, the longer. Raises StoreUnavailable after `patience`: what the
        earlier ones ask for takes long.
        """
        if self.is_full(key):
            await self._refuse(key)
        try:
            async with asyncio.timeout(self._patience):
                await self._take(key)
        except TimeoutError:
            raise StoreUnavailable("Your earlier requests are still running. Retry.") from None
        begun = self._clock()
        try:
            yield
        finally:
            if self._rests:
                pause = min(self._clock() - begun, _LONGEST_PAUSE)
                asyncio.get_running_loop().call_later(pause, self._give_back, key)
            else:
                self._give_back(key)

    def _line(self, key: str) -> _Line | None:
        """Return the line of a key, or None if it has no request under way. If its event loop was
        closed while a place rested, the timer that frees the place never fires: that line is over.
        """
        line = self._lines.get(key)
        return None if line is None or line.loop.is_closed() else line

    async def _take(self, key: str) -> None:
        line = self._line(key)
        if line is None:
            line = self._lines[key] = _Line(asyncio.get_running_loop())
        if line.taken < self._places:
            line.taken += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given in the same step
                self._give_back(key)
            elif place in line.waiting:  # else it was passed over already
                line.waiting.remove(place)
            raise

    async def _refuse(self, key: str) -> NoReturn:
        """Raise RateLimited in this key's time for refusals."""
        if self._refusals < _MAX_REFUSALS:
            line, now = self._lines[key], time.monotonic()
            due = max(now + _REFUSAL_SECONDS, line.refused_at + _REFUSALS_APART)
            line.refused_at = min(due, now + _LONGEST_REFUSAL)
            self._refusals += 1
            try:
                await asyncio.sleep(line.refused_at - now)
            finally:
                self._refusals -= 1
        raise RateLimited(_RETRY_SECONDS)

    def _give_back(self, key: str) -> None:
        """Give the place to the next one that waits."""
        line = self._lines[key]
        while line.waiting:
            place = line.waiting.pop() if self._newest_first else line.waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        line.taken -= 1
        if line.taken == 0:
            del self._lines[key]
