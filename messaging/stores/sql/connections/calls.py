"""Calls of the SQL database: each is one function in a thread, and ends in time."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client import Gauge, Histogram

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.instruments.metrics import (
    STORE_BREAKER_OPEN,
    STORE_DOCUMENTS,
    STORE_SECONDS,
    STORE_UNAVAILABLE,
    STORE_WRITES_REFUSED,
)
from messaging.instruments.store_answers import STORE_ANSWERS
from messaging.stores.conversations import OWN_READS, STORE_FAILURES, CommitUnknown
from messaging.stores.sql.connections.errors import lost, not_writable, took_too_long
from messaging.stores.sql.connections.threads import Call, Threads

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Calls:
    """Runs reads, writes and commits on one of Django's databases, in threads of its own.

    Circuit breakers raise StoreUnavailable for all calls while the database does not answer, and
    for writes while it refuses writes.
    """

    def __init__(
        self,
        *,
        using: str,
        timeout: float,
        gauges: tuple[Gauge, Gauge] = (STORE_BREAKER_OPEN, STORE_WRITES_REFUSED),
        connections: int | None = None,
        own_reads: Collection[str] = OWN_READS,
        writes_with: "Calls | None" = None,
    ) -> None:
        """Create the calls.

        `timeout` is the maximum seconds of a call. `gauges` are 1 while the database does not
        answer, and while it refuses writes. `connections` is the most connections, by default
        those of the setting; the reads named in `own_reads` never take all of them. Writes wait in
        line with those of `writes_with`: where one writer at a time is allowed, a second thread
        would poll for the lock.
        """
        self.timeout = timeout
        self._connections = connections
        self._own_reads = own_reads
        self._writes_with = writes_with
        self._using = using
        self._threads: Threads | None = None
        self._seconds: dict[str, Histogram] = {}
        """The metric of each operation; to look it up by its label takes as long as a command."""
        self._breaker = CircuitBreaker(failures=STORE_FAILURES, gauge=gauges[0])
        # One answer is enough: a full disk is full for all.
        self._writing = CircuitBreaker(failures=1, gauge=gauges[1])

    @property
    def condition(self) -> Condition:
        if self._breaker.open:
            return Condition.UNAVAILABLE
        return Condition.DEGRADED if self._writing.open else Condition.OK

    @property
    def seconds_since_answer(self) -> float:
        return self._breaker.seconds_since_answer

    @property
    def vendor(self) -> str:
        """Return the kind of the database, as Django names it."""
        return connections[self._using].vendor

    @property
    def one_writer(self) -> bool:
        """Return whether the database allows one writer at a time."""
        return self.vendor == "sqlite"

    def timed_out(self, operation: str, reason: str) -> None:
        """Note that a caller did not get an answer in time."""
        self._failed(operation, reason)

    async def close(self) -> None:
        """Give back connections and threads; the next call opens new ones."""
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.close)

    async def read(
        self,
        operation: str,
        work: Callable[Concatenate[BaseDatabaseWrapper, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what `work(database, *args, **kwargs)` reads. Raises StoreUnavailable."""
        return await self._run(
            operation, lambda database: work(database, *args, **kwargs), False, StoreUnavailable
        )

    async def write(
        self,
        operation: str,
        work: Callable[Concatenate[BaseDatabaseWrapper, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a write that may be repeated. Raises StoreUnavailable, even if only the answer was
        lost."""
        return await self._run(
            operation, lambda database: work(database, *args, **kwargs), True, StoreUnavailable
        )

    async def commit(
        self,
        operation: str,
        work: Callable[Concatenate[BaseDatabaseWrapper, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a write that must not be repeated. Raises StoreUnavailable if it did not begin, and
        CommitUnknown if its answer was lost."""
        return await self._run(
            operation, lambda database: work(database, *args, **kwargs), True, CommitUnknown
        )

    async def _run(
        self,
        operation: str,
        work: Callable[[BaseDatabaseWrapper], T],
        writes: bool,
        unanswered: type[StoreUnavailable | CommitUnknown],
    ) -> T:
        """Every call passes here. Raises `unanswered` if it began and did not end in time."""
        begun = time.monotonic()
        own = operation in self._own_reads
        threads = self._open_threads(operation, writes)
        call: Call[T] | None = None
        try:
            async with asyncio.timeout(self.timeout):
                if own:
                    call = await threads.start_own(work)
                else:
                    call = threads.start(work, writes=writes)
                answer = await call.answer()
        except asyncio.CancelledError:
            if call is not None and not call.future.cancel():  # it has begun
                asyncio.get_running_loop().call_later(self.timeout, call.give_up)
            raise
        except TimeoutError as error:
            never_began = call is None or call.give_up()
            reason = "no free connection" if never_began else "no answer"
            self._failed(operation, reason, votes=not own)
            raise (StoreUnavailable if never_began else unanswered) from error
        except CommitUnknown as error:
            self._failed(operation, str(error.__cause__))
            raise
        except Exception as error:
            if writes and not_writable(error):
                self._not_written(operation, error)
            elif lost(error):
                self._failed(operation, str(error), votes=not (own and took_too_long(error)))
            else:
                self._breaker.answered()  # it refuses
                raise
            raise StoreUnavailable from error
        self._breaker.answered()
        if writes:
            self._writing.answered()
        self._observe(operation, time.monotonic() - begun)
        return answer

    def threads(self) -> Threads:
        """Return the threads, which the first call starts."""
        if self._threads is None:
            self._threads = Threads(alias=self._using, timeout=self.timeout, most=self._connections)
        return self._threads

    def _observe(self, operation: str, seconds: float) -> None:
        metric = self._seconds.get(operation)
        if metric is None:
            metric = self._seconds[operation] = STORE_SECONDS.labels(operation)
        metric.observe(seconds)
        STORE_ANSWERS.observe(seconds)

    def _open_threads(self, operation: str, writes: bool) -> Threads:
        """Return the threads. Raises StoreUnavailable while a breaker is open."""
        if not self._breaker.allows() or (writes and not self._writing.allows()):
            STORE_UNAVAILABLE.labels(operation).inc()
            raise StoreUnavailable
        if writes and self._writes_with is not None:
            return self._writes_with.threads()
        return self.threads()

    def _not_written(self, operation: str, error: BaseException) -> None:
        """Handle a refused write. A full disk says nothing about reads, which continue."""
        self._breaker.answered()
        self._writing.failed()
        STORE_UNAVAILABLE.labels(operation).inc()
        logger.warning("store.not_writable", operation=operation, reason=str(error))

    def _failed(self, operation: str, reason: str, *, votes: bool = True) -> None:
        if votes:
            self._breaker.failed()
        STORE_UNAVAILABLE.labels(operation).inc()
        logger.warning("store.unavailable", operation=operation, reason=reason)


def queried(found: int) -> int:
    """Return what a query costs: one read at least.

    https://firebase.google.com/docs/firestore/pricing
    """
    return max(found, 1)


def count(operation: str, *, read: int = 0, written: int = 0, deleted: int = 0) -> None:
    """Count documents as Firestore would bill them."""
    if read:
        STORE_DOCUMENTS.labels(operation, "read").inc(read)
    if written:
        STORE_DOCUMENTS.labels(operation, "write").inc(written)
    if deleted:
        STORE_DOCUMENTS.labels(operation, "delete").inc(deleted)
