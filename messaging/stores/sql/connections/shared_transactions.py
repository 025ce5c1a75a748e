"""Group commit over rows: writes of one kind that wait at the same time share one transaction.

A write that meets no other is alone at once. While a transaction runs, further writes wait, and the
next transaction takes them together: one call of a thread, and one sync of the disk. What one
transaction takes is bounded, and a large write has its own, so nobody waits longer for others than
in a queue of single writes.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import CommitUnknown
from messaging.stores.sql.connections.calls import Calls

_MAX_ROWS = 100
_MAX_BYTES = 256 * 1024
"""Of one shared transaction. A larger write has a transaction of its own."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Size(NamedTuple):
    """What an item adds to a shared transaction."""

    rows: int
    bytes: int


class _Waiting(Generic[Item, Result]):
    """An item that waits for a shared transaction, and its answer."""

    __slots__ = ("answer", "begun", "given_up", "item", "queued", "size")

    def __init__(self, item: Item, size: Size) -> None:
        self.item = item
        self.size = size
        self.queued = True
        self.begun = False
        """Set in the thread of the transaction, unless the item was given up."""
        self.given_up = False
        self.answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def give(self, outcome: Result | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class SharedTransactions(Generic[Item, Result]):
    def __init__(
        self,
        calls: Calls,
        operation: str,
        *,
        alone: Callable[[BaseDatabaseWrapper, Item], Result],
        together: Callable[
            [BaseDatabaseWrapper, Sequence[Item]], Sequence[Result | Exception | None]
        ],
        size: Callable[[Item], Size | None],
        repeatable: bool = False,
    ) -> None:
        """Create the queue. In a thread, `alone` writes one item, and `together` several. A result
        of None means: nothing of this item was written, and it must be tried alone. An item without
        a size shares with nobody.

        `repeatable`: an item may be written again, so a lost answer is StoreUnavailable. Otherwise
        it is CommitUnknown.
        """
        self._calls = calls
        self._operation = operation
        self._alone = alone
        self._together = together
        self._size = size
        self._call = calls.write if repeatable else calls.commit
        self._unanswered = StoreUnavailable if repeatable else CommitUnknown
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._alone_running = 0
        self._sharing = False
        self._claims = threading.Lock()
        self._tasks: TaskSet[None] = TaskSet()

    async def write(self, item: Item) -> Result:
        """Write an item alone, or with others. Raises what `alone` raises, StoreUnavailable and
        CommitUnknown."""
        size = self._size(item)
        if size is None:
            return await self._call(self._operation, self._alone, item)
        if not (self._alone_running or self._sharing or self._waiting):
            self._alone_running += 1
            try:
                return await self._call(self._operation, self._alone, item)
            finally:
                self._alone_running -= 1
                self._share()
        waiting: _Waiting[Item, Result] = _Waiting(item, size)
        self._waiting.append(waiting)
        self._share()
        # Not `asyncio.timeout`, which costs several times as much; each send passes here.
        timer = asyncio.get_running_loop().call_later(self._calls.timeout, self._expire, waiting)
        try:
            return await waiting.answer
        except asyncio.CancelledError:
            self._give_up(waiting)
            raise
        finally:
            timer.cancel()

    async def drain(self) -> None:
        """Wait until no shared transaction runs and nothing waits for one."""
        while self._waiting or self._tasks:
            if not self._sharing and self._waiting:
                self._start()
            await self._tasks.join()

    def _share(self) -> None:
        # SQLite allows one writer: what comes until it is free shares a transaction too.
        busy = self._sharing or (self._alone_running and self._calls.one_writer)
        if self._waiting and not busy:
            self._start()

    def _start(self) -> None:
        self._sharing = True
        self._tasks.start(self._run())

    async def _run(self) -> None:
        try:
            batch = self._pop_batch()  # with what came in this step of the event loop
            if batch:
                await self._write_batch(batch)
        finally:
            self._sharing = False
            self._share()

    def _pop_batch(self) -> Sequence[_Waiting[Item, Result]]:
        batch: list[_Waiting[Item, Result]] = []
        rows = size = 0
        while self._waiting:
            rows += self._waiting[0].size.rows
            size += self._waiting[0].size.bytes
            if batch and (rows > _MAX_ROWS or size > _MAX_BYTES):
                break
            batch.append(self._waiting.popleft())
            batch[-1].queued = False
        return batch

    def _expire(self, waiting: _Waiting[Item, Result]) -> None:
        if waiting.answer.done():
            return
        never_began = self._give_up(waiting)
        reason = "no free connection" if never_began else "no answer"
        self._calls.timed_out(self._operation, reason)
        waiting.give(StoreUnavailable() if never_began else self._unanswered())

    def _give_up(self, waiting: _Waiting[Item, Result]) -> bool:
        """Give up. Return True if the write never began, and never will."""
        if waiting.queued:
            self._waiting.remove(waiting)
            waiting.queued = False
        with self._claims:
            waiting.given_up = True
            return not waiting.begun

    def _work(
        self, database: BaseDatabaseWrapper, batch: Sequence[_Waiting[Item, Result]]
    ) -> Sequence[tuple[_Waiting[Item, Result], Result | Exception | None]]:
        """Write in a thread what nobody has given up."""
        with self._claims:
            begun = [waiting for waiting in batch if not waiting.given_up]
            for waiting in begun:
                waiting.begun = True
        outcomes = self._together(database, [waiting.item for waiting in begun])
        return list(zip(begun, outcomes, strict=True))

    async def _write_batch(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        outcomes: Sequence[tuple[_Waiting[Item, Result], Result | Exception | None]]
        try:
            outcomes = await self._call(self._operation, self._work, batch)
        except (CommitUnknown, StoreUnavailable) as error:
            outcomes = [(waiting, _of_one(error)) for waiting in batch]
        except Exception:  # noqa: BLE001 - nothing was written: the one that it concerns fails alone
            outcomes = [(waiting, None) for waiting in batch]
        for waiting, outcome in outcomes:
            if outcome is not None:
                waiting.give(outcome)
            elif not waiting.answer.done():
                # It may wait for a lock, so the next shared transaction does not wait for it.
                self._tasks.start(self._retry_alone(waiting))

    async def _retry_alone(self, waiting: _Waiting[Item, Result]) -> None:
        try:
            waiting.give(await self._call(self._operation, self._alone, waiting.item))
        except Exception as error:  # noqa: BLE001 - the caller of this item gets it
            waiting.give(error)


def _of_one(error: CommitUnknown | StoreUnavailable) -> Exception:
    """Return the error again: each of several callers adds its own traceback."""
    again = type(error)()
    again.__cause__ = error
    return again
