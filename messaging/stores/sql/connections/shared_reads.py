"""Small reads of one kind that wait at the same time share one call of a thread.

A read that meets few others begins at once. Further ones wait, and the next call takes them
together, one statement after the other: while many people connect, the change to a thread and back
takes longer than the statement.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.errors import lost, took_too_long

T = TypeVar("T")

_AT_ONCE = 2
"""The calls under way beyond which further reads wait for each other."""
_MOST = 16
"""The reads of one call: nobody waits longer for others than in a queue of single reads."""

Work = Callable[[BaseDatabaseWrapper], Any]


class _Waiting:
    __slots__ = ("answer", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()


class _Alone:
    """The outcome of a read that failed among others, and must be tried alone."""


class SharedReads:
    def __init__(self, calls: Calls, operation: str) -> None:
        self._calls = calls
        self._operation = operation
        self._running = 0
        self._waiting: deque[_Waiting] = deque()
        self._tasks: TaskSet[None] = TaskSet()

    async def read(self, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        """Return what the work reads. Raises the same errors as `Calls.read`."""
        if self._running < _AT_ONCE:
            self._running += 1
            try:
                return await self._calls.read(self._operation, work)
            finally:
                self._next()
        waiting = _Waiting(work)
        self._waiting.append(waiting)
        outcome: T | type[_Alone] = await waiting.answer
        if outcome is _Alone:
            return await self._calls.read(self._operation, work)
        return outcome  # type: ignore[return-value]

    def _next(self) -> None:
        """Begin the next call for reads whose callers still wait, now that one has ended."""
        self._running -= 1
        still = [one for one in self._waiting if not one.answer.done()]
        self._waiting = deque(islice(still, _MOST, None))
        if still:
            self._running += 1
            self._tasks.start(self._run(still[:_MOST]))

    async def _run(self, together: Sequence[_Waiting]) -> None:
        outcomes: Sequence[Any] = [_Alone] * len(together)
        try:
            works = [one.work for one in together]
            outcomes = await self._calls.read(self._operation, _read_each, works)
        except StoreUnavailable:
            for one in together:
                if not one.answer.done():
                    one.answer.set_exception(StoreUnavailable())
        finally:
            for one, outcome in zip(together, outcomes, strict=True):
                if not one.answer.done():
                    one.answer.set_result(outcome)
            self._next()


def _read_each(database: BaseDatabaseWrapper, works: Sequence[Work]) -> list[Any]:
    outcomes: list[Any] = [_Alone] * len(works)
    for number, work in enumerate(works):
        try:
            outcomes[number] = work(database)
        except Exception as error:
            if took_too_long(error):
                break  # the rest are read alone, and wait no longer here
            if lost(error):
                raise
    return outcomes
