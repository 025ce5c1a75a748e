"""The queue in front of the admin's password hash: one attempt at a time, with pauses in between.

A hash takes a core for a third of a second. After a failed attempt the slot stays empty for twice
as long as it was used, so the guesses of all addresses together use a third of a core. The next
slot goes to a browser that has signed in before, then to the address with the fewest recent
failures. So a stranger's guesses wait for an operator, not the reverse.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from messaging.domain.exceptions import RateLimited

_MAX_WAITING = 8
_RETRY_SECONDS = 1.0
_REST = 2.0
"""The seconds of rest for each second of a failed attempt."""
_LONGEST_REST = 2.0
_MISTYPED = 5
"""The failures after which a known browser loses its precedence."""
_MAX_COUNTED = 10_000
_FORGOTTEN_AFTER = 3_600.0
"""The seconds without a failure after which failures are dropped."""

Rank = tuple[bool, int, int]


@dataclass(slots=True)
class Attempt:
    judged: bool = False
    """Whether a password was compared. Otherwise a refusal does not count as a failure."""
    failed: bool = True
    """The holder of the slot sets it to False once the attempt was answered without a wrong
    password."""


@dataclass(slots=True)
class _Waiting:
    rank: Rank
    place: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def was_given(self) -> bool:
        """Return whether this attempt got the slot. It did not if it was refused or cancelled."""
        place = self.place
        return place.done() and not place.cancelled() and place.exception() is None


class SignInLine:
    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[_Waiting] = []
        self._numbers = 0
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """The failures of an address or known browser, and the time of the latest."""

    @asynccontextmanager
    async def place(self, key: str, *, known: bool) -> AsyncIterator[Attempt]:
        """Wait for the slot and hold it. `key` is the source of the attempt: an address, or a
        `known` browser.

        Raises RateLimited if eight others with precedence already wait.
        """
        await self._take(key, known=known)
        attempt, begun = Attempt(), time.monotonic()
        try:
            yield attempt
        finally:
            if attempt.failed:
                self._note_failure(key)
                rest = min((time.monotonic() - begun) * _REST, _LONGEST_REST)
                asyncio.get_running_loop().call_later(rest, self._give_back)
            else:
                self._give_back()

    async def _take(self, key: str, *, known: bool) -> None:
        if not self._taken:
            self._taken = True
            return
        waiting = _Waiting(self._rank(key, known=known))
        if len(self._waiting) >= _MAX_WAITING:
            self._make_room(waiting.rank)
        self._waiting.append(waiting)
        try:
            await waiting.place
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif waiting.was_given:  # in the same step
                self._give_back()
            raise

    def _make_room(self, rank: Rank) -> None:
        """Refuse the last in the queue. If that would be this attempt, raise RateLimited."""
        last = max(self._waiting, key=lambda one: one.rank)
        if rank > last.rank:
            raise RateLimited(_RETRY_SECONDS)
        self._waiting.remove(last)
        if not last.place.done():
            last.place.set_exception(RateLimited(_RETRY_SECONDS))

    def _give_back(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=lambda one: one.rank)
            self._waiting.remove(first)
            if not first.place.done():
                first.place.set_result(None)
                return
        self._taken = False

    def _rank(self, key: str, *, known: bool) -> Rank:
        """Return the rank of an attempt; the lowest goes first."""
        self._numbers += 1
        failures, at = self._failures.get(key, (0, 0.0))
        if time.monotonic() - at > _FORGOTTEN_AFTER:
            failures = 0
        return not (known and failures < _MISTYPED), failures, self._numbers

    def _note_failure(self, key: str) -> None:
        failures, _ = self._failures.pop(key, (0, 0.0))
        self._failures[key] = (failures + 1, time.monotonic())
        if len(self._failures) > _MAX_COUNTED:
            self._failures.popitem(last=False)
