"""Jobs as entries of the queue, and back."""

import json

import msgspec
import pytest

from messaging.notifications.jobs import NotifyJob, encode
from messaging.notifications.policy import Stage
from messaging.notifications.queue.entries import entry_of, job_of
from messaging.notifications.queue.sqs import Entry, Received

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PLAIN = NotifyJob(
    conversation_id="c",
    message_id="m",
    seq=7,
    chunk=0,
    stage=Stage.SENT,
    user_ids=("ann",),
    made_at=1.5,
)
TRACED = msgspec.structs.replace(PLAIN, request_id="mine", trace=TRACE)


def received(entry: Entry) -> Received:
    return Received(id="1", body=entry.body, receipt="r", count=1, attributes=entry.attributes)


def test_the_workers_of_an_earlier_release_can_read_the_body() -> None:
    entry = entry_of(TRACED, delay=3)

    assert entry.body == encode(PLAIN)
    assert not {"request_id", "trace"} & json.loads(entry.body).keys()
    assert entry.delay == 3


@pytest.mark.parametrize("job", [PLAIN, TRACED])
def test_what_is_queued_comes_out(job: NotifyJob) -> None:
    assert job_of(received(entry_of(job))) == job


def test_an_invalid_origin_is_ignored() -> None:
    entry = Entry(body=encode(PLAIN), attributes={"trace": "nonsense", "other": "x"})

    assert job_of(received(entry)) == PLAIN


def test_the_size_counts_what_travels_beside_the_body() -> None:
    plain, traced = entry_of(PLAIN), entry_of(TRACED)

    assert plain.size == len(plain.body)
    assert traced.size >= len(traced.body) + len("request_idminetrace" + TRACE)
