"""Firestore transactions: read first, then write the result, or nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from grpc import StatusCode
from grpc.aio import AioRpcError

from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.firestore.client import requests
from messaging.stores.firestore.client.connection import (
    TRIES,
    Call,
    Connection,
    bill,
    bill_writes,
    wait_before_retry,
)
from messaging.stores.firestore.client.errors import (
    OUTCOME_UNKNOWN,
    RETRYABLE,
    refused,
    unavailable,
)

T = TypeVar("T")

_ROLLBACK_SECONDS = 2.0


class Transaction:
    """Reads at once, and collects its writes for the end. After a failure it begins again."""

    def __init__(self, connection: Connection, operation: str, *, end: float) -> None:
        self.id = b""
        self.writes = requests.Writes(connection.database)
        self.open = False
        """Whether the server may still hold its locks."""
        self.repeated = False
        """Whether an earlier attempt may have been applied without an answer."""
        self._connection = connection
        self._operation = operation
        self._end = end
        self._aborted = b""

    async def begin(self) -> None:
        request = requests.begin(self._connection.database, retried=self._aborted)
        answer = await self._call(
            lambda channel, timeout: channel.begin_transaction(request, timeout=timeout)
        )
        self.id, self.open, self._aborted = answer.transaction, True, b""
        self.writes = requests.Writes(self._connection.database, transaction=self.id)

    async def get(self, name: str) -> Any | None:
        request = requests.get(self._connection.database, [name], transaction=self.id)
        answers = await self._call(
            lambda channel, timeout: channel.batch_get_documents(request, timeout=timeout)
        )
        bill(self._operation, "read", len(answers))
        return next((answer.found for answer in answers if answer.HasField("found")), None)

    async def commit(self) -> None:
        """Apply its writes. Without any, the transaction is left open."""
        if not self.writes:
            return
        request = self.writes.request
        try:
            await self._call(lambda channel, timeout: channel.commit(request, timeout=timeout))
        except AioRpcError as error:
            self.repeated |= error.code() in OUTCOME_UNKNOWN
            raise
        self.open = False
        bill_writes(self._operation, self.writes)

    async def _call(self, call: Call[T]) -> T:
        # No call takes the whole time, so that a lost answer can be retried.
        timeout = min(self._connection.timeout / 2, self._end - time.monotonic())
        try:
            return await self._connection.call(self._operation, call, timeout=timeout)
        except AioRpcError as error:
            if error.code() is StatusCode.ABORTED:
                self.open, self._aborted = False, self.id
            raise


class Transactions:
    """Runs transactions, and repeats those that met a conflict."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._rollbacks: TaskSet[None] = TaskSet()

    async def close(self) -> None:
        await self._rollbacks.stop()

    async def run(
        self, operation: str, subject: Hashable, work: Callable[[Transaction], Awaitable[T]]
    ) -> T:
        """Run `work` and apply its writes, within the connection's timeout.

        The work must be idempotent. Transactions of one `subject` take turns in this process.
        Raises StoreUnavailable.
        """
        end = time.monotonic() + self._connection.timeout
        # This is only for speed: conflicting transactions abort each other. Where the store locks
        # reads (the emulator does), they first wait two seconds for each other.
        turn = self._turns.setdefault(subject, asyncio.Lock())
        try:
            async with asyncio.timeout(self._connection.timeout):
                await turn.acquire()
        except TimeoutError as error:
            raise unavailable(operation, error) from error
        try:
            return await self._run(operation, work, end)
        finally:
            turn.release()

    async def _run(
        self, operation: str, work: Callable[[Transaction], Awaitable[T]], end: float
    ) -> T:
        transaction = Transaction(self._connection, operation, end=end)
        tries = 0
        while True:
            tries += 1
            try:
                return await self._try(transaction, work)
            except AioRpcError as error:
                # A conflict is no reason to give up before the deadline.
                again = error.code() is StatusCode.ABORTED or (
                    error.code() in RETRYABLE and tries < TRIES
                )
                if not again or not await wait_before_retry(tries, end):
                    raise refused(operation, error) from error

    async def _try(
        self, transaction: Transaction, work: Callable[[Transaction], Awaitable[T]]
    ) -> T:
        await transaction.begin()
        try:
            result = await work(transaction)
            await transaction.commit()
        finally:
            if transaction.open:
                # Nobody waits for it: the answer does not depend on it, and it may hang.
                self._rollbacks.start(self._roll_back(transaction.id))
        return result

    async def _roll_back(self, id_: bytes) -> None:
        request = requests.rollback(self._connection.database, id_)
        with suppress(AioRpcError, StoreUnavailable):  # it then expires after a minute
            await self._connection.call(
                "rollback",
                lambda channel, timeout: channel.rollback(request, timeout=timeout),
                timeout=_ROLLBACK_SECONDS,
            )
