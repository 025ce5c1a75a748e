"""Traces of single messages: the request, its commit, the publish, the sockets, the push.

Without `CHAT_TRACES` there is no tracer, and nothing of OpenTelemetry is imported. With it, the
process has one (`messaging.instruments.otlp`), as it has one set of metrics. A span is named by its
parent as text, because most parents end in another task or process.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from django.conf import settings

Value = str | int | float | bool


class Kind(Enum):
    """The part that a process has in an operation, as in OpenTelemetry's `SpanKind`."""

    INTERNAL = "internal"
    SERVER = "server"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Tracer(Protocol):
    def span(
        self, name: str, *, parent: str = "", kind: Kind = Kind.INTERNAL
    ) -> AbstractContextManager[None]:
        """Record what happens while the context is open. Meanwhile the span is the trace of the
        origin. Without a parent, or if the parent is malformed, it begins a trace."""

    def annotate(self, name: str = "", **values: Value) -> None:
        """Add values to the open span of this task, and rename it. Nothing happens without one."""

    def record(
        self,
        name: str,
        *,
        parent: str,
        seconds: float,
        kind: Kind = Kind.INTERNAL,
        values: Mapping[str, Value] = {},
    ) -> str:
        """Record something that ends now and took so many seconds. Return its trace, for what it
        causes; empty if it is not sampled."""


tracer: Tracer | None = None
"""The tracer of the process; None without tracing. Read it as an attribute of this module."""


def start_tracing(new: Tracer | None) -> None:
    """Make this the tracer of the process; None ends tracing."""
    global tracer  # noqa: PLW0603 - of the process, as its metrics
    tracer = new


def start_configured_tracing() -> None:
    """Start tracing if `CHAT_TRACES` says so. Without it, nothing is imported."""
    if settings.CHAT_TRACES == "otlp":
        from messaging.instruments.otlp import OtlpTracer  # noqa: PLC0415 - an optional library

        start_tracing(OtlpTracer(instance_id=settings.INSTANCE_ID))
