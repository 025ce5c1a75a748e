"""Jobs as entries of the queue, and back.

The origin of a job travels beside the body: the workers of an earlier release refuse a body that
has a field which they do not know.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from messaging.domain.fields.types import RequestId, TraceParent
from messaging.notifications.jobs import NotifyJob, QueuedJob, decode, encode
from messaging.notifications.queue.sqs import Entry, Received

_ORIGIN: Mapping[str, Any] = {"request_id": RequestId, "trace": TraceParent}


def entry_of(job: QueuedJob, *, delay: int = 0) -> Entry:
    """Return the entry of a job, which can be received after `delay` seconds."""
    if not isinstance(job, NotifyJob) or job.origin is None:
        return Entry(body=encode(job), delay=delay)
    given = {name: getattr(job, name) for name in _ORIGIN if getattr(job, name)}
    without = msgspec.structs.replace(job, **dict.fromkeys(_ORIGIN, msgspec.UNSET))
    return Entry(body=encode(without), delay=delay, attributes=given)


def job_of(received: Received) -> QueuedJob:
    """Return the job of an entry. An origin that is not valid is ignored. Raises MalformedJob."""
    job = decode(received.body)
    given = received.attributes.keys() & _ORIGIN.keys()
    if not given or not isinstance(job, NotifyJob):
        return job
    try:
        origin = {name: msgspec.convert(received.attributes[name], _ORIGIN[name]) for name in given}
    except msgspec.ValidationError:
        return job
    return msgspec.structs.replace(job, **origin)
