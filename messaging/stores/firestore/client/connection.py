"""The connection to Cloud Firestore: deadlines, retries, and the bill.

Every call to Firestore goes through `Connection.call`. Only this file and `transactions` retry.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from google.auth.exceptions import GoogleAuthError
from grpc import StatusCode
from grpc.aio import AioRpcError

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.instruments.metrics import (
    STORE_BREAKER_OPEN,
    STORE_DOCUMENTS,
    STORE_SECONDS,
    STORE_UNAVAILABLE,
)
from messaging.instruments.store_answers import STORE_ANSWERS
from messaging.stores.conversations import OWN_READS, STORE_FAILURES
from messaging.stores.firestore.client import requests
from messaging.stores.firestore.client.channel import Channel, open_channel
from messaging.stores.firestore.client.errors import (
    OUTCOME_UNKNOWN,
    RETRYABLE,
    refused,
    refused_commit,
    unavailable,
)
from messaging.stores.firestore.values import plain_milliseconds

T = TypeVar("T")
Call = Callable[[Channel, float], Awaitable[T]]
"""One call, given a channel and its timeout in seconds."""

TRIES = 3
_PAUSES = (0.05, 0.2)
"""The seconds before the second attempt, and before each further one."""


class Connection:
    """Calls Firestore within a deadline, translates its errors and counts what it bills.

    It belongs to the event loop that uses it first, until it is closed.
    """

    def __init__(self, *, project: str, timeout: float) -> None:
        self.database = requests.Database(project)
        self.timeout = timeout
        self._breaker = CircuitBreaker(failures=STORE_FAILURES, gauge=STORE_BREAKER_OPEN)
        self._channel: Channel | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def condition(self) -> Condition:
        return Condition.UNAVAILABLE if self._breaker.open else Condition.OK

    @property
    def seconds_since_answer(self) -> float:
        return self._breaker.seconds_since_answer

    async def close(self) -> None:
        self._channel = None
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    async def get(
        self,
        operation: str,
        names: Sequence[str],
        *,
        only: Sequence[str] = (),
        at: Any | None = None,
    ) -> list[Any]:
        """Return those of the documents that exist, in any order, or only these fields of them.
        With the time of a `query_snapshot`, as they were then."""
        answers = await self._get(operation, names, only, at)
        return [answer.found for answer in answers if answer.HasField("found")]

    async def now(self, operation: str) -> datetime:
        """Return the server's time, at the price of reading a missing document."""
        answers = await self._get(operation, [self.database.document("health", "now")])
        return _read_at(answers)

    async def query(
        self, operation: str, parent: str, structured: Any, *, at: Any | None = None
    ) -> list[Any]:
        """Return the documents of a query, in its order. `at`: as of `get`."""
        documents, _ = await self._query(operation, requests.run(parent, structured, at=at))
        return documents

    async def query_snapshot(
        self, operation: str, parent: str, structured: Any
    ) -> tuple[list[Any], Any]:
        """Return the documents of a query as they were at one moment, and this moment. For an hour,
        other reads can see the store as it was then."""
        documents, answers = await self._query(operation, requests.run(parent, structured))
        # Nothing of a stream has changed between its answers and the last one.
        return documents, answers[-1].read_time

    async def dated_query(
        self, operation: str, parent: str, structured: Any
    ) -> tuple[list[Any], datetime]:
        """Return the same, and the server's time when it began to answer."""
        documents, answers = await self._query(operation, requests.run(parent, structured))
        return documents, _read_at(answers)

    async def count(self, operation: str, parent: str, structured: Any) -> int:
        """Return the number of documents of a query."""
        request = requests.count(parent, structured)
        answers = await self._ask(
            operation,
            lambda channel, timeout: channel.run_aggregation_query(request, timeout=timeout),
        )
        result = next(answer.result for answer in answers if answer.HasField("result"))
        found: int = result.aggregate_fields["count"].integer_value
        bill(operation, "read", max(1, -(-found // 1000)))
        return found

    async def write(self, operation: str, writes: requests.Writes) -> None:
        """Apply idempotent writes.

        Raises DocumentMissing, StoreUnavailable.
        """
        await self._ask(
            operation, lambda channel, timeout: channel.commit(writes.request, timeout=timeout)
        )
        bill_writes(operation, writes)

    async def commit(self, operation: str, writes: requests.Writes) -> Any:
        """Apply writes, all or none, and return the answer. They are retried only after an answer
        that says that nothing was written for lack of capacity.

        Raises Conflict, AlreadyExists, CommitUnknown, StoreUnavailable.
        """
        request = writes.request
        end = time.monotonic() + self.timeout
        tries = 0
        while True:
            tries += 1
            timeout = end - time.monotonic()
            try:
                answer = await self.call(
                    operation,
                    lambda channel, timeout: channel.commit(request, timeout=timeout),
                    timeout=timeout,
                )
            except AioRpcError as error:
                exhausted = error.code() is StatusCode.RESOURCE_EXHAUSTED and tries < TRIES
                if not exhausted or not await wait_before_retry(tries, end):
                    raise refused_commit(operation, error) from error
            else:
                bill_writes(operation, writes)
                return answer

    async def call(self, operation: str, call: Call[T], *, timeout: float) -> T:
        """Make one call, unless the circuit breaker is open.

        Raises AioRpcError, or StoreUnavailable if the call was not attempted.
        """
        if not self._breaker.allows():
            STORE_UNAVAILABLE.labels(operation).inc()
            raise StoreUnavailable
        try:
            channel = self._channel or await self._connected(timeout)
        except (TimeoutError, GoogleAuthError) as error:
            self._breaker.failed()
            raise unavailable(operation, error) from error
        begun = time.monotonic()
        try:
            answer = await call(channel, timeout)
        except AioRpcError as error:
            if error.code() in OUTCOME_UNKNOWN:
                if operation not in OWN_READS or error.code() is not StatusCode.DEADLINE_EXCEEDED:
                    self._breaker.failed()
            else:
                self._breaker.answered()
            raise
        self._breaker.answered()
        seconds = time.monotonic() - begun
        STORE_SECONDS.labels(operation).observe(seconds)
        STORE_ANSWERS.observe(seconds)
        return answer

    async def _query(self, operation: str, request: Any) -> tuple[list[Any], Sequence[Any]]:
        """Return the documents of a query, and all answers, of which there is at least one."""
        answers = await self._ask(
            operation, lambda channel, timeout: channel.run_query(request, timeout=timeout)
        )
        documents = [answer.document for answer in answers if answer.HasField("document")]
        bill(operation, "read", max(1, len(documents)))
        return documents, answers

    async def _get(
        self,
        operation: str,
        names: Sequence[str],
        only: Sequence[str] = (),
        at: Any | None = None,
    ) -> list[Any]:
        request = requests.get(self.database, names, only=only, at=at)
        answers = await self._ask(
            operation,
            lambda channel, timeout: channel.batch_get_documents(request, timeout=timeout),
        )
        bill(operation, "read", len(answers))
        return answers

    async def _ask(self, operation: str, call: Call[T]) -> T:
        """Return the answer to an idempotent request: up to three attempts within one deadline.

        Raises DocumentMissing, StoreUnavailable.
        """
        end = time.monotonic() + self.timeout
        tries = 0
        while True:
            tries += 1
            # No attempt takes the whole time, so that a lost answer can be retried.
            timeout = min(self.timeout / 2, end - time.monotonic())
            try:
                return await self.call(operation, call, timeout=timeout)
            except AioRpcError as error:
                passing = error.code() in RETRYABLE and tries < TRIES
                if not passing or not await wait_before_retry(tries, end):
                    raise refused(operation, error) from error

    async def _connected(self, timeout: float) -> Channel:
        """Return the channel, which the first caller opens for all."""
        while self._channel is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(_seen)
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._opening)
        return self._channel

    async def _open(self) -> None:
        try:
            self._channel = await open_channel(self.database.name)
        finally:
            self._opening = None


async def wait_before_retry(tries: int, end: float) -> bool:
    """Pause before a retry, and return whether there is time for it."""
    pause = _PAUSES[min(tries, len(_PAUSES)) - 1]
    if time.monotonic() + pause >= end:
        return False
    await asyncio.sleep(pause * random.uniform(0.5, 1))
    return True


def bill(operation: str, kind: str, documents: int) -> None:
    """Count as Firestore bills. The outcome of a failed call is unknown, so it is not counted."""
    STORE_DOCUMENTS.labels(operation, kind).inc(documents)


def bill_writes(operation: str, writes: requests.Writes) -> None:
    if deletes := writes.deletes:
        bill(operation, "delete", deletes)
    if updates := len(writes) - deletes:
        bill(operation, "write", updates)


def _read_at(answers: Sequence[Any]) -> datetime:
    """Return the time of the answer. An answer without documents has one too; later answers of a
    stream are not earlier."""
    return plain_milliseconds(answers[0].read_time)


def _seen(task: asyncio.Task[None]) -> None:
    """Retrieve the exception, because no caller may be waiting any more."""
    if not task.cancelled():
        task.exception()
