"""The origin of a change: the request that made it, and its trace.

A request sets its origin once. What its change causes later, in other tasks and processes, is
logged and traced under this origin.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog


@dataclass(frozen=True, slots=True)
class Origin:
    request_id: str = ""
    """The `X-Request-ID` of the request; empty for a command of a socket."""
    trace: str = ""
    """The span that caused this, as a `traceparent` of W3C Trace Context; empty if nothing is
    traced."""


_current: ContextVar[Origin | None] = ContextVar("origin", default=None)

current_origin = _current.get
"""Returns the origin of the running task; None for work of the instance itself."""


def set_origin(origin: Origin | None) -> None:
    """Set the origin for the rest of the running task; None ends it."""
    _current.set(origin)


@contextmanager
def caused_by(origin: Origin | None) -> Iterator[None]:
    """Set the origin, and show its request in the log lines, while the context is open."""
    before = _current.set(origin)
    try:
        if origin is None or not origin.request_id:
            yield
        else:
            with structlog.contextvars.bound_contextvars(request_id=origin.request_id):
                yield
    finally:
        _current.reset(before)
