"""Ways to see, to hold up and to spoil what the SQL store asks of its database."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_FRAMES = ("BEGIN", "ROLLBACK", "SELECT set_config")


@contextmanager
def on_connect(act: Callable[[BaseDatabaseWrapper], None]) -> Iterator[None]:
    """Do something to each connection that is opened, in the thread that opens it."""

    def connected(connection: BaseDatabaseWrapper, **_: object) -> None:
        act(connection)

    connection_created.connect(connected)
    try:
        yield
    finally:
        connection_created.disconnect(connected)


@contextmanager
def around_queries(wrapper: Callable[..., Any]) -> Iterator[None]:
    """Call `wrapper(execute, sql, params, many, context)` for each query of new connections."""
    with ExitStack() as stack:

        def wrap(connection: BaseDatabaseWrapper) -> None:
            stack.enter_context(connection.execute_wrapper(wrapper))

        stack.enter_context(on_connect(wrap))
        yield


@contextmanager
def recorded_queries() -> Iterator[list[str]]:
    """The SQL of new connections, without what begins and ends a transaction or a connection."""
    executed: list[str] = []

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith(_FRAMES):
            executed.append(sql)
        return execute(sql, *rest)

    with around_queries(record):
        yield executed


class Gate:
    """Holds up the query that begins with some words until it is opened."""

    def __init__(self, words: str) -> None:
        self._words = words
        self.reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(self._words):
            self.reached.set()
            self._opened.wait(10)
        return execute(sql, *rest)

    def open(self) -> None:
        self._opened.set()
