"""The threads of the SQL store, and the database connection that each of them keeps.

`atomic` is not async, and thread-sensitive `sync_to_async` would be one thread for all sockets.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Concatenate, Generic, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.store.base import CommitUnknown

P = ParamSpec("P")
T = TypeVar("T")

LOST = (OperationalError, InterfaceError)
"""A database that cannot be reached, is locked, took too long, or went away in the middle."""

_SQLITE_READERS = 3
_SERVER_CONNECTIONS = 8
_IDLE_SECONDS = 30.0


class Call(Generic[T]):
    """A function that runs in a thread of the store's, or waits for one."""

    def __init__(self) -> None:
        self.future: Future[T]
        self._lock = threading.Lock()
        self._database: BaseDatabaseWrapper | None = None

    def give_up(self) -> bool:
        """True if it never began, and never will. Otherwise its connection is cut: a server
        that hangs must not keep the thread, and the next call reconnects."""
        if self.future.cancel():
            return True
        with self._lock:
            if self._database is not None:
                _cut(self._database)
        return False

    @contextlib.contextmanager
    def using(self, database: BaseDatabaseWrapper) -> Iterator[None]:
        """While it may be cut off; the connection is nobody else's then."""
        with self._lock:
            self._database = database
        try:
            yield
        finally:
            with self._lock:
                self._database = None


class Threads:
    """Threads for reading and writing, and the database connection of each of them."""

    def __init__(self, *, alias: str, timeout: float) -> None:
        """`timeout`: seconds after which nobody waits for a call any more."""
        self._alias = alias
        self._timeout = timeout
        self._connections: list[BaseDatabaseWrapper] = []
        self._calls: set[Call[object]] = set()
        self._local = threading.local()
        if connections[alias].vendor == "sqlite":
            # SQLite lets one writer in at a time: a second thread would poll for the lock.
            self._readers = self._pool("sql-reader", _SQLITE_READERS)
            self._writers = self._pool("sql-writer", 1)
        else:
            self._readers = self._writers = self._pool("sql", _SERVER_CONNECTIONS)

    def read(
        self, function: Callable[Concatenate[BaseDatabaseWrapper, P], T], *args: P.args
    ) -> Call[T]:
        return self._start(self._readers, function, *args)

    def write(
        self, function: Callable[Concatenate[BaseDatabaseWrapper, P], T], *args: P.args
    ) -> Call[T]:
        return self._start(self._writers, function, *args)

    def close(self) -> None:
        """Let what is running or queued end in its time, then close the connections. Blocks."""
        calls = list(self._calls)
        wait([call.future for call in calls], timeout=self._timeout)
        for call in calls:
            call.give_up()
        self._readers.shutdown()
        self._writers.shutdown()
        for database in self._connections:
            database.close()
