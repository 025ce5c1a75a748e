"""Revocation: a cache of who may be connected. It closes the sockets of people whose access is
revoked.

A person's access is read from the store when they first connect, and cached. The link announces
changes; while the link is down, polls of the store find them. An announcement is only a reason to
read the store: its content and date decide nothing. A change closes the sockets that it no longer
admits in the same step, so that they get nothing afterwards.

Of two answers of the store, the one whose read began after the other was known is the newer. If the
reads overlap, the dates of the changes decide. They may be wrong: a clock is set back, or a change
waits for another one after it was dated. So a later date is believed, and otherwise the store is
read again.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import structlog

from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.hub.connections import Connections, Ending
from messaging.domain.people import Access
from messaging.stores.people import PeopleStore

logger = structlog.get_logger(__name__)

_MAX_PEOPLE = 50_000
_MAX_CHECKED = 1_000
"""People who are read again at the same time. Beyond that the sender repeats its announcement."""
_MAX_ANSWERS = 100
"""Callbacks that wait for the same read."""
_READS_AT_ONCE = 4
_REST_SECONDS = 0.2
"""Between two reads of the same person, however often their change is announced."""

Answer = Callable[[], None]


class AccessList:
    """Bounded; evicts the least recently used entries."""

    def __init__(self, *, store: PeopleStore, connections: Connections) -> None:
        self._store = store
        self._connections = connections
        self._known: OrderedDict[str, Access] = OrderedDict()
        self._reading: Counter[str] = Counter()
        self._checks: dict[str, list[Answer]] = {}
        """The people who are being read again, with the callbacks to call then."""
        self._places = asyncio.Semaphore(_READS_AT_ONCE)
        self._tasks: TaskSet[None] = TaskSet()
        self._forget: Callable[[str], None] = _nothing

    def when_erased(self, forget: Callable[[str], None]) -> None:
        """Call `forget` with the id of a person when their erasure begins, and again when it has
        ended."""
        self._forget = forget

    async def stop(self) -> None:
        await self._tasks.stop()

    def bars(self, user_id: str) -> bool:
        """Return whether a person is known here to be banned."""
        known = self._known.get(user_id)
        return known is not None and known.banned

    def knows(self, user_id: str) -> bool:
        """Return whether `get` answers without the store."""
        return user_id in self._known

    async def get(self, user_id: str) -> Access:
        """Return a person's access; one read of the store if it is not cached. Raises
        StoreUnavailable."""
        known = self._known.get(user_id)
        if known is not None:
            self._known.move_to_end(user_id)
            return known
        self._reading[user_id] += 1
        try:
            access = await self._store.get_access(user_id)
        finally:
            self._reading[user_id] -= 1
            if not self._reading[user_id]:
                del self._reading[user_id]
        # It may have changed during the read; the newer one is kept.
        return self._keep(access, before=None)

    def check(self, user_id: str, answer: Answer) -> None:
        """Read a person's access again if it matters here, because another instance announced a
        change. Close the sockets that it no longer admits, then call `answer`. Without an answer
        the sender repeats its announcement."""
        waiting = self._checks.get(user_id)
        if waiting is not None:
            if len(waiting) < _MAX_ANSWERS:
                waiting.append(answer)
        elif not self._matters(user_id):
            answer()
        elif len(self._checks) < _MAX_CHECKED:
            self._checks[user_id] = [answer]
            self._tasks.start(self._check(user_id))

    def _matters(self, user_id: str) -> bool:
        """Return whether anything here depends on it. Other people are read when they connect."""
        return user_id in self._known or user_id in self._reading or user_id in self._connections

    async def _check(self, user_id: str) -> None:
        try:
            while self._checks[user_id]:
                answers = await until_answered(partial(self._read_again, user_id))
                for answer in answers:
                    answer()
                await asyncio.sleep(_REST_SECONDS)
        finally:
            del self._checks[user_id]

    async def _read_again(self, user_id: str) -> Sequence[Answer]:
        """Read and apply a person's access. Return the callbacks that were waiting when the read
        began. Raises StoreUnavailable; then they keep waiting."""
        async with self._places:
            answers, before = tuple(self._checks[user_id]), self._known.get(user_id)
            access = await self._store.get_access(user_id)
        del self._checks[user_id][: len(answers)]
        self._apply(access, before=before)
        return answers

    def learn(self, access: Access) -> None:
        """Apply a change, made here or elsewhere. Idempotent."""
        self._apply(access, before=None)

    def _apply(self, access: Access, *, before: Access | None) -> None:
        """Apply what was read. `before` is what was known when the read began."""
        known = self._known.get(access.user_id)
        access = self._keep(access, before=before)
        if access.erasing or (known is not None and known.erasing):
            self._forget(access.user_id)
        ended = 0
        for connection in self._connections.of(access.user_id):
            if not access.admits(connection.signed_in_at):
                connection.end(Ending.ACCESS_REVOKED)
                ended += 1
        if ended:
            logger.info("access.sockets_closed", user_id=access.user_id, connections=ended)

    def clear(self) -> None:
        """Drop the cache, so that the store is read again."""
        self._known.clear()

    def learn_all(self, people: Iterable[Access]) -> None:
        for access in people:
            self.learn(access)

    def _keep(self, access: Access, *, before: Access | None) -> Access:
        """Keep what was read if it is the newer, and return the newer. `before` is what was known
        when the read began."""
        known = self._known.get(access.user_id)
        if known is not None and known is not before and not _is_newer(access, known):
            if access != known:
                self.check(access.user_id, _nothing_more)
            return known
        self._known[access.user_id] = access
        self._known.move_to_end(access.user_id)
        if len(self._known) > _MAX_PEOPLE:
            self._known.popitem(last=False)
        return access


def _nothing(user_id: str) -> None:
    """Do nothing."""


def _nothing_more() -> None:
    """Nobody waits for the answer."""


def _is_newer(one: Access, other: Access) -> bool:
    if one.changed_at is None:
        return False
    return other.changed_at is None or one.changed_at > other.changed_at
