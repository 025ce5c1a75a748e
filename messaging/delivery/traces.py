"""The spans of a delivery, in the trace of each change that is traced."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import UNSET

from messaging.delivery.batch import Batch, Traced
from messaging.delivery.hub.hub import Hub
from messaging.instruments import tracing
from messaging.instruments.origin import Origin
from messaging.instruments.tracing import Kind, Tracer


def traces_of(origins: Mapping[int, Origin]) -> list[Traced]:
    """Return the traces of a commit's changes; empty without tracing."""
    return [Traced(version, origin.trace) for version, origin in origins.items() if origin.trace]


@contextmanager
def delivery(batch: Batch, hub: Hub, *, path: str) -> Iterator[None]:
    """Record the delivery to the sockets of this process, which happens while the context is open.
    `path` is that of `chat_delivery_seconds`: local or link."""
    begun = time.monotonic()
    yield
    if tracing.tracer is None or batch.traces is UNSET:
        return
    stream = hub.followed(batch.conversation_id)
    sockets = 0 if stream is None else len(stream.audience())
    for traced in batch.traces:
        tracing.tracer.record(
            "conversation.deliver",
            parent=traced.trace,
            seconds=time.monotonic() - begun,
            kind=Kind.CONSUMER if path == "link" else Kind.INTERNAL,
            values={"chat.path": path, "chat.sockets": sockets, "chat.version": traced.version},
        )


def published(tracer: Tracer, messages: Sequence[object], seconds: float) -> None:
    """Record a publish that has ended now, in the trace of each change that it carried."""
    for message in messages:
        for traced in (message.traces or ()) if isinstance(message, Batch) else ():
            tracer.record(
                "link.publish",
                parent=traced.trace,
                seconds=seconds,
                kind=Kind.PRODUCER,
                values={"messaging.system": "redis", "chat.messages": len(messages)},
            )
