"""Turns: an instance does little at a time for one person or one address.

Otherwise a burst within the rates would delay everyone else on the event loop, and one person's
slow reads would block the reads of others. Further requests wait in order. Requests beyond the
longest queue are refused, and a refusal takes time: one key is refused at most fifty times a
second, until it has so many requests at once that each would wait longer than four seconds.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from messaging.domain.exceptions import RateLimited, StoreUnavailable

T = TypeVar("T")

_REST = 3.0
_LONGEST_REST = 0.1
_RETRY_SECONDS = 1.0
_REFUSAL_SECONDS = 0.1
_REFUSALS_APART = 0.02
_LONGEST_REFUSAL = 4.0
"""Below the time limit of a request or command."""
_MAX_REFUSALS = 10_000
"""The most refusals of all keys that may wait at once. Each takes a task and a timer."""


@dataclass(slots=True)
class _Line:
    """The occupied slots of one key, and the requests that wait for one."""

    loop: asyncio.AbstractEventLoop
    taken: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    refused_at: float = 0.0
    """When the latest refusal is due, by the monotonic clock."""


class Turns:
    """A limit per key. A key without open requests uses no memory."""

    def __init__(
        self,
        *,
        places: int,
        most_waiting: int,
        patience: float | None = None,
        rest: float = _REST,
        newest_first: bool = False,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Create a limit.

        `places` is the number of slots per key. `patience` is the seconds that a request may wait;
        None sets no limit. After use, a slot stays empty for `rest` times as long as the event loop
        worked meanwhile, at most 100 ms: with two slots and a rest of 3, one key takes at most half
        of the loop. `clock` measures the work, for all requests. Time spent waiting for the store
        adds no rest.
        """
        self._places = places
        self._most_waiting = most_waiting
        self._patience = patience
        self._rest = rest
        self._newest_first = newest_first
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._refusals = 0
        self._works: set[asyncio.Task[Any]] = set()
        """What `run` has begun: at most one for each slot."""

    def is_full(self, key: str) -> bool:
        """Return whether one more request of this key would be refused."""
        line = self._line(key)
        if line is None or line.taken < self._places:
            return False
        return len(line.waiting) >= self._most_waiting

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for a slot of this key, and hold it while the context is open.

        If too many requests of the key already wait, raises RateLimited without a slot after 0.1 to
        4 seconds: the more refusals, the longer. Raises StoreUnavailable after `patience`, when the
        earlier requests take too long.
        """
        if self.is_full(key):
            await self._refuse(key)
        line = self._line(key)
        if line is None:
            line = self._lines[key] = _Line(asyncio.get_running_loop())
        if line.taken < self._places:
            line.taken += 1
        else:
            await self._wait(key, line)
        begun = self._clock()
        try:
            yield
        finally:
            if self._rest:
                pause = min(self._rest * (self._clock() - begun), _LONGEST_REST)
                asyncio.get_running_loop().call_later(pause, self._give_back, key)
            else:
                self._give_back(key)

    async def run(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of work that takes a slot of this key until it ends, also if the caller
        is cancelled meanwhile: a thread works on. Only a caller that still waits can withdraw.
        Raises the same errors as `turn`."""
        begun = asyncio.Event()

        async def in_turn() -> T:
            async with self.turn(key):
                begun.set()
                return await work()

        task = asyncio.create_task(in_turn())
        self._works.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not begun.is_set():
                task.cancel()
            raise

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._works.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, if the caller has gone

    def _line(self, key: str) -> _Line | None:
        """Return the queue of a key, or None if it has no open request. If its event loop was
        closed while a slot rested, the timer that frees the slot never fires. Such a queue is
        dropped."""
        line = self._lines.get(key)
        return None if line is None or line.loop.is_closed() else line

    async def _wait(self, key: str, line: _Line) -> None:
        """Wait for a slot of this key. Raises StoreUnavailable after `patience`."""
        try:
            async with asyncio.timeout(self._patience):
                await self._take(key, line)
        except TimeoutError:
            raise StoreUnavailable(
                "Your earlier requests are still running. Wait for them, then retry."
            ) from None

    async def _take(self, key: str, line: _Line) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given in the same step
                self._give_back(key)
            elif place in line.waiting:  # otherwise it was already skipped
                line.waiting.remove(place)
            raise

    async def _refuse(self, key: str) -> NoReturn:
        """Raise RateLimited at the time that is due for this key."""
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
        """Give the slot to the first waiting request."""
        line = self._lines[key]
        while line.waiting:
            place = line.waiting.pop() if self._newest_first else line.waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        line.taken -= 1
        if line.taken == 0:
            del self._lines[key]
