"""The tracer that exports to an OpenTelemetry collector, by OTLP over HTTP.

This is the only module that imports OpenTelemetry. The packages are in `requirements-tracing.txt`.
OpenTelemetry's own variables configure the exporter and the sampler (`OTEL_EXPORTER_OTLP_…`,
`OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`). A thread exports; a full queue drops spans.
"""

import asyncio
import atexit
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from messaging.instruments.origin import Origin, caused_by, current_origin
from messaging.instruments.tracing import Kind, Value

_EXPORT_SECONDS = 2.0
"""How long the collector may take, unless OpenTelemetry's variables say otherwise."""
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
_SERVICE_NAMED = re.compile(r"(^|,)\s*service\.name\s*=")
_KINDS = {
    Kind.INTERNAL: trace.SpanKind.INTERNAL,
    Kind.SERVER: trace.SpanKind.SERVER,
    Kind.PRODUCER: trace.SpanKind.PRODUCER,
    Kind.CONSUMER: trace.SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()
_open: ContextVar[trace.Span | None] = ContextVar("open_span", default=None)


class _Exporter(OTLPSpanExporter):
    """Exports nothing more after a failure at the end of the process."""

    def __init__(self) -> None:
        named = any(os.environ.get(name) for name in _TIMEOUTS)
        super().__init__(timeout=None if named else _EXPORT_SECONDS)
        self.ending = False
        self._given_up = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._given_up:
            return SpanExportResult.FAILURE
        result = super().export(spans)
        self._given_up = self.ending and result is SpanExportResult.FAILURE
        return result


class OtlpTracer:
    """The spans of one process, in a provider of its own: libraries that trace themselves find
    OpenTelemetry's global provider, which does nothing."""

    def __init__(self, *, instance_id: str) -> None:
        """Create the tracer, with a thread that exports. Reads OpenTelemetry's variables."""
        resource = Resource.create({**_default_name(), "service.instance.id": instance_id})
        self._exporter = _Exporter()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("chat")
        atexit.register(self.stop)

    def flush(self) -> None:
        """Export what has ended until now. Blocks."""
        self._provider.force_flush()

    def stop(self) -> None:
        """Export the remaining spans, and end the thread. Blocks: a collector that does not answer
        is waited for twice, once for the export that is running."""
        atexit.unregister(self.stop)
        self._exporter.ending = True
        self._provider.shutdown()

    @contextmanager
    def span(self, name: str, *, parent: str = "", kind: Kind = Kind.INTERNAL) -> Iterator[None]:
        span = self._tracer.start_span(name, context=_context(parent), kind=_KINDS[kind])
        origin = current_origin()
        before = _open.set(span)
        try:
            with caused_by(Origin("" if origin is None else origin.request_id, _name(span))):
                yield
        except asyncio.CancelledError:  # the client has gone, or the process ends: no error
            raise
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)  # its text may have content
            span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            _open.reset(before)
            span.end()

    def annotate(self, name: str = "", **values: Value) -> None:
        span = _open.get()
        if span is None:
            return
        if name:
            span.update_name(name)
        for key, value in values.items():
            span.set_attribute(key.replace("__", "."), value)
        status = values.get("http__response__status_code")
        if isinstance(status, int) and status >= 500:
            span.set_status(trace.StatusCode.ERROR)

    def record(
        self,
        name: str,
        *,
        parent: str,
        seconds: float,
        kind: Kind = Kind.INTERNAL,
        values: Mapping[str, Value] = {},
    ) -> str:
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=_context(parent),
            kind=_KINDS[kind],
            attributes=values,
            start_time=now - max(int(seconds * 1e9), 0),
        )
        span.end(end_time=now)
        return _name(span)


def _context(parent: str) -> Context:
    """Return the context of a parent; an empty one begins a trace."""
    return _propagator.extract({"traceparent": parent} if parent else {}, Context())


def _name(span: trace.Span) -> str:
    context = span.get_span_context()
    if not context.trace_flags.sampled:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _default_name() -> Mapping[str, str]:
    """Return the name of the service, unless OpenTelemetry's variables name it."""
    resources = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if os.environ.get("OTEL_SERVICE_NAME") or _SERVICE_NAMED.search(resources):
        return {}
    return {"service.name": "chat"}
