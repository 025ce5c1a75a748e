"""The origin of a job: the request id in its log lines, and its span in its message's trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from messaging.instruments import tracing
from messaging.instruments.origin import caused_by, current_origin
from messaging.instruments.tracing import Kind
from messaging.notifications.jobs import Job, NotifyJob


@contextmanager
def carrying_out(job: Job) -> Iterator[None]:
    """Log and trace what happens while the context is open as a part of this job."""
    origin = job.origin if isinstance(job, NotifyJob) else None
    if origin is None:
        yield
        return
    with caused_by(origin):
        if tracing.tracer is None or not origin.trace:
            yield
            return
        with tracing.tracer.span("notification.job", parent=origin.trace, kind=Kind.CONSUMER):
            yield


@contextmanager
def pushing(devices: int) -> Iterator[None]:
    """Trace the requests to the push service, if the job is traced."""
    origin = current_origin()
    if tracing.tracer is None or origin is None or not origin.trace:
        yield
        return
    with tracing.tracer.span("push.send", parent=origin.trace, kind=Kind.PRODUCER):
        tracing.tracer.annotate(chat__devices=devices)
        yield
