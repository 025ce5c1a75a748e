"""Guards the writes of a process during a move: records what they change, and refuses them.

Promises: once it is `quiet` in a freeze, no write of this process can change the store any more,
and `pop_touched` returns everything that was changed. A write begins only under the lease that the
process has from the database. So a process that is cut off from the database, or was stopped for a
while, writes nothing unnoticed. A process may also be stopped within a write, and go on after the
switch. Then the write counts as unanswered: it may have reached a store that is not in use any
more.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import ParamSpec, TypeVar

from messaging.domain.exceptions import MessagingError, StoreUnavailable
from messaging.stores.conversations import AlreadyExists, Conflict
from messaging.stores.switching.writes import Keys

P = ParamSpec("P")
T = TypeVar("T")


def _ignore() -> None:
    """Do nothing about a late write."""


class WriteGuard:
    def __init__(self, *, settle_seconds: float, on_late: Callable[[], object] = _ignore) -> None:
        """Create an open guard without a lease.

        `settle_seconds`: the time after which a write that had no answer can no longer be applied.
        `on_late` is called when a write ends later than that after the lease: the process was
        stopped, and the store in use may be another one by now.
        """
        self.frozen = False
        self._on_late = on_late
        self._lease_until = 0.0
        self._settle_seconds = settle_seconds
        self._writing = 0
        self._touched: dict[str, None] = {}
        self._doubts: deque[tuple[float, tuple[str, ...]]] = deque()
        """The writes without an answer: until when they may be applied, and what they change."""

    @property
    def lapsed_seconds(self) -> float:
        """Return for how long nothing may be written for want of a lease; negative with one."""
        return time.monotonic() - self._lease_until

    @property
    def quiet(self) -> bool:
        """Return whether nothing is being written, or may still be applied."""
        self._end_doubts()
        return not self._writing and not self._doubts

    def lease(self, until: float) -> None:
        """Allow writes until a time of the monotonic clock."""
        self._lease_until = until

    def touch(self, keys: Iterable[str]) -> None:
        """Record changes."""
        self._touched.update(dict.fromkeys(keys))

    def pop_touched(self) -> list[str]:
        """Return and drop what was changed, in a fixed order. A write without an answer counts now,
        and once more when it can no longer be applied."""
        self._end_doubts()
        touched, self._touched = sorted(self._touched), {}
        return touched

    def refusing(
        self,
        write: Callable[P, Awaitable[T]],
        keys: Keys,
        *,
        unanswered: type[Exception] = StoreUnavailable,
    ) -> Callable[P, Awaitable[T]]:
        """Return a write that is recorded, and refused by StoreUnavailable in a freeze and without
        a lease. It raises `unanswered` instead of an answer that comes too late."""
        recorded = self.recording(write, keys)

        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            if self.frozen or time.monotonic() >= self._lease_until:
                raise StoreUnavailable
            self._writing += 1
            try:
                answer = await recorded(*args, **kwargs)
            finally:
                self._writing -= 1
                late = self.lapsed_seconds >= self._settle_seconds
                if late:
                    self._on_late()
            if late:
                raise unanswered
            return answer

        return call

    def recording(self, write: Callable[P, Awaitable[T]], keys: Keys) -> Callable[P, Awaitable[T]]:
        """Return a write that is recorded."""

        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            changed = tuple(keys(*args, **kwargs))
            try:
                answer = await write(*args, **kwargs)
            except BaseException as error:
                if not _is_answer(error):
                    until = time.monotonic() + self._settle_seconds
                    self._doubts.append((until, changed))
                raise
            finally:
                self.touch(changed)
            return answer

        return call

    def _end_doubts(self) -> None:
        now = time.monotonic()
        while self._doubts and self._doubts[0][0] <= now:
            self.touch(self._doubts.popleft()[1])


def _is_answer(error: BaseException) -> bool:
    """Return whether the store has refused a write, so that it is not applied later."""
    if isinstance(error, Conflict | AlreadyExists):
        return True
    return isinstance(error, MessagingError) and not isinstance(error, StoreUnavailable)
