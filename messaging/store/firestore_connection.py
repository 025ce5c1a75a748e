"""The connection to Cloud Firestore: its client, its deadlines, and what its errors mean."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore import (
    AsyncClient,
    AsyncTransaction,
    AsyncWriteBatch,
    async_transactional,
)

from messaging.exceptions import StoreUnavailable
from messaging.store.base import AlreadyExists, CommitUnknown, Conflict

logger = structlog.get_logger(__name__)

T = TypeVar("T")

_PAUSES = (0.05, 0.2)
"""Seconds before the second and the third try."""

# A channel that failed to connect waits up to two minutes before it tries again. A new one tries
# at once; sooner than after a second there is nothing to gain, the first pause being that long.
_RECONNECT_SECONDS = 1.0


class _TransactionFailed(Exception):
    """Others came in between each time, or it could not begin; the client does not say which."""


_PASSING = (
    _TransactionFailed,
    exceptions.Aborted,
    exceptions.InternalServerError,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""What a second try may well not meet."""

_OVERTAKEN = (exceptions.Aborted, exceptions.FailedPrecondition, exceptions.NotFound)
_UNANSWERED = (TimeoutError, exceptions.Cancelled, exceptions.ServerError)
_UNAVAILABLE = (_TransactionFailed, TimeoutError, exceptions.GoogleAPIError, GoogleAuthError)
_FAULTS = (exceptions.FailedPrecondition, exceptions.InvalidArgument, exceptions.NotFound)
"""A missing index, a malformed request: ours to mend, so never called unavailability."""


class Connection:
    """Calls Firestore within a deadline and translates its errors.

    It belongs to the event loop that uses it first, until it is closed.
    """

    def __init__(self, *, project: str, timeout: float) -> None:
        self._project = project
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._connected_at = 0.0
        self._transactions: set[asyncio.Task[Any]] = set()
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        # Left to itself the client retries for a minute or longer.
        self.once = {"retry": None, "timeout": timeout}
        """How to make every single call of the client: with a deadline, and not again."""

    async def close(self) -> None:
        self._client = None  # its channel closes with the last call that uses it
        for task in self._transactions:
            task.cancel()
        if self._transactions:
            await asyncio.wait(self._transactions, timeout=1)

    async def ask(self, operation: str, question: Callable[[AsyncClient], Awaitable[T]]) -> T:
        """The answer to something that may be asked twice: up to three tries in one deadline.

        Raises StoreUnavailable.
        """
        try:
            async with asyncio.timeout(self._timeout):
                for pause in _PAUSES:
                    client = await self._connect()
                    try:
                        return await question(client)
                    except _PASSING as error:
                        self._renew(client, error)
                        await asyncio.sleep(pause)
                return await question(await self._connect())
        except _FAULTS:
            raise
        except _UNAVAILABLE as error:
            raise _unavailable(operation, error) from error

    async def commit(
        self, operation: str, fill: Callable[[AsyncClient, AsyncWriteBatch], None]
    ) -> Any:
        """Apply the writes that `fill` adds, all or none, and return their results. Tried once.

        Raises Conflict, AlreadyExists, CommitUnknown, StoreUnavailable.
        """
        client = None
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._connect()
                batch = client.batch()
                fill(client, batch)
                return await batch.commit(**self.once)
        except exceptions.AlreadyExists as error:
            raise AlreadyExists from error
        except _OVERTAKEN as error:
            raise Conflict from error
        except _UNANSWERED as error:
            self._renew(client, error)
            logger.warning("store.commit_unknown", operation=operation, reason=_reason(error))
            raise CommitUnknown from error
        except _FAULTS:
            raise
        except _UNAVAILABLE as error:
            raise _unavailable(operation, error) from error

    async def transact(
        self,
        operation: str,
        subject: Hashable,
        work: Callable[[AsyncClient, AsyncTransaction], Coroutine[Any, Any, T]],
    ) -> T:
        """Run `work` in a transaction, several times if others come in between.

        It must be work that may also be done again after it was done. Those of one `subject`
        take turns in this process. Raises StoreUnavailable.
        """

        async def attempt(client: AsyncClient) -> T:
            async def run(transaction: AsyncTransaction) -> T:
                return await work(client, transaction)

            # Only for speed: transactions that meet abort each other, and where the store locks
            # what they read (the emulator does) they wait two seconds for each other first.
            turn = self._turns.setdefault(subject, asyncio.Lock())
            async with turn:
                try:
                    # Decorated anew each time: the decorated object keeps the state of one run.
                    return await self._apart(async_transactional(run)(client.transaction()))
                except ValueError as error:
                    raise _TransactionFailed(str(error)) from error

        return await self.ask(operation, attempt)

    async def _apart(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work` in a task of its own, which is cancelled with us but not waited for.

        A cancelled transaction is rolled back first, and while the store hangs that takes the
        client a minute.
        """
        task = asyncio.create_task(work)
        self._transactions.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        return task.result()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._transactions.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody may be waiting for it any more

    async def _connect(self) -> AsyncClient:
        if self._client is None:
            # In a thread, because to find credentials means to read files or to ask a metadata
            # server. The channel opens with the first call, in the event loop that makes it.
            client = await asyncio.to_thread(AsyncClient, project=self._project)
            if self._client is None:
                self._client, self._connected_at = client, time.monotonic()
        return self._client

    def _renew(self, client: AsyncClient | None, error: Exception) -> None:
        """Take a new channel for the next call if this one cannot reach the store."""
        if (
            isinstance(error, exceptions.ServiceUnavailable)
            and client is self._client
            and time.monotonic() - self._connected_at > _RECONNECT_SECONDS
        ):
            self._client = None


def _unavailable(operation: str, error: Exception) -> StoreUnavailable:
    logger.warning("store.unavailable", operation=operation, reason=_reason(error))
    return StoreUnavailable()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
