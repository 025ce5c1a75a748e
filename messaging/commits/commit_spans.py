"""The span of a commit, in the trace of each change that it contains."""

import time

from messaging.instruments.origin import Origin
from messaging.instruments.tracing import Tracer


def commit_span(tracer: Tracer, origin: Origin, *, since: float, changes: int) -> Origin:
    """Record a commit that has ended now. Return the origin of what it causes.

    The change has waited `since` that moment of the monotonic clock, and has shared the commit with
    so many `changes`.
    """
    if not origin.trace:
        return origin
    trace = tracer.record(
        "conversation.commit",
        parent=origin.trace,
        seconds=time.monotonic() - since,
        values={"chat.changes": changes},
    )
    return Origin(origin.request_id, trace)
