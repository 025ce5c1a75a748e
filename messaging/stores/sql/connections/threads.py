"""The threads of the SQL store, and the database connection that each of them keeps.

`atomic` is not async, and thread-sensitive `sync_to_async` would be one thread for all sockets.
"""

import asyncio
import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.stores.conversations import CommitUnknown
from messaging.stores.sql.connections.errors import lost, not_writable
from messaging.stores.sql.connections.pool import NoConnection, Pool
from messaging.stores.sql.damage.damage_errors import damage_or

T = TypeVar("T")

_SQLITE_READERS = 3
_SHARES = 4
"""Writes leave a quarter of a server's connections to reads, and reads leave a quarter to
writes."""
_OWN_READERS = 2
"""The number of SQLite's reader threads that reads of single persons' data may use. On a server it
is half of the connections. Other reads never wait for those."""
_IDLE_SECONDS = 30.0
_LIMIT = 0.75
"""The part of the timeout that a statement, or the wait for a connection, may take."""
_NO_CONNECTION_LEFT = (
    "too many clients already",
    "too many connections for",
    "remaining connection slots",
    "no more connections allowed",  # pgbouncer
)
"""Fragments of the error of a server that has no free connection."""


class Call(Generic[T]):
    """A job of a thread."""

    def __init__(self, work: Callable[[BaseDatabaseWrapper], T], *, until: float) -> None:
        """Create a call. `until` is the time, by the monotonic clock, until which it may wait for a
        connection."""
        self.work = work
        self.until = until
        self.future: Future[T] = Future()
        self._lock = threading.Lock()
        self._database: BaseDatabaseWrapper | None = None

    async def answer(self) -> T:
        """Return the result of the work, or raise its error. The work continues if nobody waits any
        more."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[None] = loop.create_future()
        # `asyncio.wrap_future` creates a reference cycle with everything that the call has read.
        # Only the garbage collector frees it, and that stops the event loop.
        self.future.add_done_callback(partial(_wake, loop, answered))
        await answered
        return self.future.result()

    def give_up(self) -> bool:
        """Give up. Return True if the job never began, and never will. Otherwise cut its
        connection: a hanging server must not keep the thread."""
        if self.future.cancel():
            return True
        with self._lock:
            if self._database is not None:
                _cut(self._database)
        return False

    @contextlib.contextmanager
    def using(self, database: BaseDatabaseWrapper) -> Iterator[None]:
        """Mark the call as the user of the connection: while the context is open, cutting the
        connection hits this call and no other."""
        with self._lock:
            self._database = database
        try:
            yield
        finally:
            with self._lock:
                self._database = None


class Threads:
    """Threads for reading and writing, and the database connection of each of them."""

    def __init__(self, *, alias: str, timeout: float, most: int | None = None) -> None:
        """Create the threads. `timeout` is the maximum seconds that a caller waits, and `most` the
        most connections to a server, by default those of the setting."""
        self._alias = alias
        self._timeout = timeout
        self._calls: dict[Future[Any], Call[Any]] = {}
        self._thread = threading.local()
        self._own_places = asyncio.Semaphore(_OWN_READERS)
        if connections[alias].vendor == "sqlite":
            # SQLite allows one writer at a time: a second thread would poll for the lock.
            self._readers = self._pool("sql-reader", _SQLITE_READERS)
            self._writers = self._pool("sql-writer", 1)
        else:
            most = most or settings.DATABASE_CONNECTIONS
            share = max(most - most // _SHARES, 1)
            self._readers = self._writers = self._pool("sql", most, share)
            self._own_places = asyncio.Semaphore(max(most // 2, 1))

    @property
    def connections(self) -> int:
        """Return the present bound of its connections."""
        return sum(pool.threads for pool in {self._readers, self._writers})

    def start(self, work: Callable[[BaseDatabaseWrapper], T], *, writes: bool) -> Call[T]:
        """Run work in a thread, with the thread's connection."""
        call = Call(work, until=time.monotonic() + self._timeout * _LIMIT)
        self._calls[call.future] = call
        call.future.add_done_callback(self._forget)
        pool = self._writers if writes else self._readers
        pool.submit(call, writes=writes)
        return call

    async def start_own(self, work: Callable[[BaseDatabaseWrapper], T]) -> Call[T]:
        """Run a read of one person's data, once a slot for such reads is free. The slot is used
        until the thread is done, even if the caller has given up."""
        await self._own_places.acquire()
        loop = asyncio.get_running_loop()
        call = self.start(work, writes=False)
        call.future.add_done_callback(lambda _: _in_loop(loop, self._own_places.release))
        return call

    def _forget(self, future: Future[Any]) -> None:
        self._calls.pop(future, None)

    def close(self) -> None:
        """Let running and queued work finish in time, then close the connections. Blocks."""
        calls = list(self._calls.values())
        # Slightly longer, so that the caller gives up before we do.
        wait([call.future for call in calls], timeout=self._timeout + 0.5)
        for call in calls:
            call.give_up()
        self._readers.close()
        self._writers.close()

    def _pool(self, name: str, most: int, share: int | None = None) -> Pool[Call[Any]]:
        return Pool(name, most=most, share=share, serve=self._serve, leave=self._leave)

    def _adopt_connection(self) -> BaseDatabaseWrapper:
        """Return the connection of this thread; Django has one per thread."""
        database = connections[self._alias]
        if not hasattr(self._thread, "used_at"):
            database.inc_thread_sharing()  # `give_up` is called from another thread
            # With DEBUG on, Django keeps the last 9,000 statements with their values; to write
            # out those of 100 messages takes three times as long as to store them.
            database.make_debug_cursor = database.make_cursor  # type: ignore[assignment, method-assign]
            self._thread.used_at = time.monotonic()
        return database

    def _leave(self) -> None:
        connections[self._alias].close()

    def _serve(self, call: Call[Any]) -> Callable[[], None]:
        """Run a call with the connection of this thread, and return a function that reports its
        end. Raises NoConnection."""
        if call.future.cancelled():
            return _nobody_waits
        database = self._adopt_connection()
        try:
            self._connect(database)
        except Exception as error:
            database.close()
            waits = time.monotonic() < call.until and not call.future.cancelled()
            if waits and any(words in str(error) for words in _NO_CONNECTION_LEFT):
                raise NoConnection from error
            begins = call.future.set_running_or_notify_cancel()
            return partial(call.future.set_exception, error) if begins else _nobody_waits
        if not call.future.set_running_or_notify_cancel():
            return _nobody_waits
        try:
            with call.using(database):
                return partial(call.future.set_result, call.work(database))
        except BaseException as error:  # noqa: BLE001 - the waiting caller gets it
            if lost(error) or isinstance(error, CommitUnknown) or not_writable(error):
                database.close()  # the next call reconnects
            return partial(call.future.set_exception, damage_or(error))
        finally:
            self._thread.used_at = time.monotonic()
            # Break the cycle: the exception keeps this frame, the frame the call, and the call the
            # exception.
            del call

    def _connect(self, database: BaseDatabaseWrapper) -> None:
        """Open the connection unless it already works."""
        idle = time.monotonic() - self._thread.used_at
        if database.connection is not None and database.vendor != "sqlite":
            suspect = idle > _IDLE_SECONDS or _has_news(database)
            if suspect and not database.is_usable():
                database.close()
        if database.connection is None:
            database.ensure_connection()
            if database.vendor == "postgresql":
                self._limit_statements(database)

    def _limit_statements(self, database: BaseDatabaseWrapper) -> None:
        """Limit statements and locks to less than our own timeout. So a slow statement is
        distinguished from a lost answer, and the locks of a stopped process are released soon.

        This is not in the settings, because a migration may take longer.
        """
        limit = f"{self._timeout * _LIMIT * 1000:.0f}ms"
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, false),"
                " set_config('idle_in_transaction_session_timeout', %s, false)",
                [limit, limit],
            )


def _nobody_waits() -> None:
    """Report that the call was given up before it began."""


def _wake(
    loop: asyncio.AbstractEventLoop, answered: asyncio.Future[None], future: Future[Any]
) -> None:
    """Wake the caller, from the thread in which the work ended or was given up."""
    _in_loop(loop, _settle, answered, future.cancelled())


def _in_loop(loop: asyncio.AbstractEventLoop, do: Callable[..., object], *given: Any) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(do, *given)


def _settle(answered: asyncio.Future[None], given_up: bool) -> None:
    if given_up:
        answered.cancel()
    elif not answered.done():
        answered.set_result(None)


def _has_news(database: BaseDatabaseWrapper) -> bool:
    """Return whether the server sent data without a request: most likely, it is shutting down."""
    watched = select.poll()
    try:
        with database.wrap_database_errors:
            watched.register(database.connection.fileno(), select.POLLIN)
    except Error:
        return True  # closed already
    return bool(watched.poll(0))


def _cut(database: BaseDatabaseWrapper) -> None:
    """End the present work of the connection in its thread."""
    connection = database.connection
    if connection is None:
        return  # it is being opened, which has its own timeout
    with contextlib.suppress(OSError, Error), database.wrap_database_errors:
        if database.vendor == "sqlite":
            connection.interrupt()
        else:
            # Do not send a cancel request: a hanging server would not answer it either.
            with socket.socket(fileno=os.dup(connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)
