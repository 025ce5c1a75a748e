"""Group commit over conversations: sends that wait at the same time share one transaction.

A send that meets no other is committed alone at once. While a transaction runs, further sends wait,
and the next transaction takes them together: one call of a thread, and one sync of the disk. What
one transaction takes is bounded, and a large commit has its own, so nobody waits longer for others
than in a queue of single commits.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.concurrency.tasks import TaskSet
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import Commit, CommitUnknown
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.sends.columns import is_send

_MAX_MESSAGES = 100
_MAX_BYTES = 256 * 1024
"""Of one shared transaction. A larger commit has a transaction of its own."""
_ENTRY_BYTES = 64
"""What a person's entry in `sent_seq`, or a mention, adds to the bytes of a commit at most, on
average."""

Alone = Callable[[BaseDatabaseWrapper, Commit], Conversation]
Outcome = Conversation | Exception | None
"""A result of None: nothing of this commit was written, and it must be tried alone."""
Together = Callable[[BaseDatabaseWrapper, Sequence[Commit]], Sequence[Outcome]]


class _Waiting:
    """A commit that waits for a shared transaction, and its answer."""

    __slots__ = ("answer", "begun", "commit", "given_up", "messages", "queued", "size")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.messages = len(commit.created)
        self.size = _size(commit)
        self.queued = True
        self.begun = False
        """Set in the thread of the transaction, unless the commit was given up."""
        self.given_up = False
        self.answer: asyncio.Future[Conversation] = asyncio.get_running_loop().create_future()

    def give(self, outcome: Conversation | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Conversation):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


class SharedCommits:
    def __init__(self, calls: Calls, *, alone: Alone, together: Together) -> None:
        """Create the queue. In a thread, `alone` commits anything, and `together` several sends."""
        self._calls = calls
        self._alone = alone
        self._together = together
        self._waiting: deque[_Waiting] = deque()
        self._alone_running = 0
        self._sharing = False
        self._claims = threading.Lock()
        self._tasks: TaskSet[None] = TaskSet()

    async def commit(self, commit: Commit) -> Conversation:
        """Commit alone, or a send with others. Raises as `Store.commit` does."""
        if not is_send(commit):
            return await self._commit_alone(commit)
        if not (self._alone_running or self._sharing or self._waiting):
            self._alone_running += 1
            try:
                return await self._commit_alone(commit)
            finally:
                self._alone_running -= 1
                self._share()
        waiting = _Waiting(commit)
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
        """Wait until no shared transaction runs and no send waits for one."""
        while self._waiting or self._tasks:
            if not self._sharing and self._waiting:
                self._start()
            await self._tasks.join()

    async def _commit_alone(self, commit: Commit) -> Conversation:
        return await self._calls.commit("commit", self._alone, commit)

    def _share(self) -> None:
        # SQLite allows one writer: the sends that come until it is free share a transaction too.
        busy = self._sharing or (self._alone_running and self._calls.one_writer)
        if self._waiting and not busy:
            self._start()

    def _start(self) -> None:
        self._sharing = True
        self._tasks.start(self._run())

    async def _run(self) -> None:
        try:
            batch = self._pop_batch()  # with the sends that came in this step of the event loop
            if batch:
                await self._commit_batch(batch)
        finally:
            self._sharing = False
            self._share()

    def _pop_batch(self) -> Sequence[_Waiting]:
        batch: list[_Waiting] = []
        messages = size = 0
        while self._waiting:
            messages += self._waiting[0].messages
            size += self._waiting[0].size
            if batch and (messages > _MAX_MESSAGES or size > _MAX_BYTES):
                break
            batch.append(self._waiting.popleft())
            batch[-1].queued = False
        return batch

    def _expire(self, waiting: _Waiting) -> None:
        if waiting.answer.done():
            return
        never_began = self._give_up(waiting)
        self._calls.timed_out("commit", "no free connection" if never_began else "no answer")
        waiting.give(StoreUnavailable() if never_began else CommitUnknown())

    def _give_up(self, waiting: _Waiting) -> bool:
        """Give up. Return True if the commit never began, and never will."""
        if waiting.queued:
            self._waiting.remove(waiting)
            waiting.queued = False
        with self._claims:
            waiting.given_up = True
            return not waiting.begun

    def _work(
        self, database: BaseDatabaseWrapper, batch: Sequence[_Waiting]
    ) -> Sequence[tuple[_Waiting, Outcome]]:
        """Commit in a thread what nobody has given up."""
        with self._claims:
            begun = [waiting for waiting in batch if not waiting.given_up]
            for waiting in begun:
                waiting.begun = True
        outcomes = self._together(database, [waiting.commit for waiting in begun])
        return list(zip(begun, outcomes, strict=True))

    async def _commit_batch(self, batch: Sequence[_Waiting]) -> None:
        outcomes: Sequence[tuple[_Waiting, Outcome]]
        try:
            outcomes = await self._calls.commit("commit", self._work, batch)
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

    async def _retry_alone(self, waiting: _Waiting) -> None:
        try:
            waiting.give(await self._commit_alone(waiting.commit))
        except Exception as error:  # noqa: BLE001 - the caller of this commit gets it
            waiting.give(error)


def _of_one(error: CommitUnknown | StoreUnavailable) -> Exception:
    """Return the error again: each of several callers adds its own traceback."""
    again = type(error)()
    again.__cause__ = error
    return again


def _size(commit: Commit) -> int:
    texts = sum(len(message.text or "") for message in commit.created)
    mentions = sum(len(message.mentions) for message in commit.created)
    return texts + _ENTRY_BYTES * (mentions + len(commit.after.sent_seq))
