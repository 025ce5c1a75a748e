"""Limits of the log: refused work and faults write a bounded number of lines, however many there
are.

Information about completed work is not limited. Warnings, errors and lines with `refused=True` are.
With `LOG_LEVEL=debug` nothing is limited.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from messaging.instruments.metrics import LOG_LINES_SUPPRESSED

LINES_PER_ACTION = 6
"""The most limited lines of one action in one second."""
LINES_PER_SECOND = 10
"""The most limited lines of all actions in one second, not counting errors."""
_MAX_ACTIONS = 500
"""The most actions that are tracked. Actions are words in the code, and the loggers of libraries: a
few hundred exist."""


class LineLimit(logging.Filter):
    """Passes a bounded number of limited lines each second, and counts the others.

    Errors are limited by action only, so that a flood of refusals cannot hide a bug. The next
    written line of an action has the number of suppressed ones in `suppressed`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._second = -1
        self._written = 0
        self._by_action: dict[str, int] = {}
        self._suppressed: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        event: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {}
        refused = event.get("refused", False)
        if record.levelno < logging.WARNING and not refused:
            return True
        action = str(event.get("event", record.name))
        with self._lock:
            passed = self._pass(action, fault=record.levelno >= logging.ERROR)
            if passed:
                record.suppressed = self._suppressed.pop(action, 0)
                return True
            if action in self._suppressed or len(self._suppressed) < _MAX_ACTIONS:
                self._suppressed[action] = self._suppressed.get(action, 0) + 1
        LOG_LINES_SUPPRESSED.inc()
        return False

    def _pass(self, action: str, *, fault: bool) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._written = second, 0
            self._by_action.clear()
        if self._by_action.get(action, 0) >= LINES_PER_ACTION:
            return False
        if not fault:
            if self._written >= LINES_PER_SECOND:
                return False
            self._written += 1
        self._by_action[action] = self._by_action.get(action, 0) + 1
        return True


class AnsweredElsewhere(logging.Filter):
    """Drops Django's lines about answers without an exception: the request's own line has the
    status. An exception keeps its line, under our own action."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info:
            return False
        record.msg, record.args = "page.failed", ()
        return True


def add_suppressed(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Add to a line the number of suppressed lines of its kind."""
    event.pop("refused", None)
    record: logging.LogRecord | None = event.get("_record")
    if suppressed := getattr(record, "suppressed", 0):
        event["suppressed"] = suppressed
    return event
