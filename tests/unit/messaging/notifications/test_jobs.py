"""Jobs as they travel through the queue."""

import json

import pytest

from messaging.notifications.jobs import (
    ClearJob,
    MalformedJob,
    NotifyJob,
    QueuedJob,
    by_chunk,
    decode,
    encode,
    in_chunks,
)
from messaging.notifications.policy import Stage

NOTIFY = NotifyJob(
    conversation_id="c",
    message_id="m",
    seq=7,
    chunk=0,
    stage=Stage.GRACE_OVER,
    user_ids=("ann", "bob"),
    dropped={"cid": "muted"},
    made_at=1.5,
    attempt=2,
)
CLEAR = ClearJob(conversation_id="c", user_id="ann", read_seq=7, made_at=1.5)


@pytest.mark.parametrize("job", [NOTIFY, CLEAR])
def test_what_is_queued_comes_out(job: QueuedJob) -> None:
    assert decode(encode(job)) == job


def test_the_text_is_what_the_previous_release_reads_and_writes() -> None:
    body = (
        '{"kind":"notify","conversation_id":"c","message_id":"m","seq":7,"chunk":0,'
        '"stage":"grace_over","user_ids":["ann","bob"],"dropped":{"cid":"muted"},"made_at":1.5,'
        '"attempt":2}'
    )

    assert encode(NOTIFY) == body
    assert decode(body) == NOTIFY


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[]",
        "7",
        "{}",
        '{"kind": "other"}',
        '{"kind": "clear"}',
        json.dumps({**json.loads(encode(NOTIFY)), "stage": "later"}),
        json.dumps({**json.loads(encode(NOTIFY)), "seq": "7"}),
        json.dumps({**json.loads(encode(NOTIFY)), "user_ids": "ann"}),
        json.dumps({**json.loads(encode(CLEAR)), "user_id": None}),
        encode(CLEAR).replace("ann", "\ud800"),
        encode(CLEAR).replace("{", '{"x": ' + "[" * 50_000, 1),
    ],
)
def test_what_is_no_job(body: str) -> None:
    with pytest.raises(MalformedJob):
        decode(body)


@pytest.mark.parametrize("job", [NOTIFY, CLEAR])
def test_fields_of_a_later_release_are_ignored(job: QueuedJob) -> None:
    """During an upgrade a worker carries out what instances of the next release queue."""
    body = json.dumps({**json.loads(encode(job)), "unheard_of": "hello"})

    assert decode(body) == job


def test_a_full_job_fits_into_the_queue() -> None:
    """SQS takes 256 KiB."""
    people = tuple(f"{number:0128}" for number in range(500))
    job = NotifyJob(
        conversation_id="c" * 26,
        message_id="m" * 26,
        seq=2**53,
        chunk=1,
        stage=Stage.SENT,
        user_ids=people,
        made_at=1.0,
    )

    assert len(encode(job).encode()) < 128 * 1024


def test_chunks() -> None:
    """Everybody is in one of them, whatever the order they are named in."""
    people = [f"user-{number}" for number in range(1_001)]

    parts = in_chunks(reversed(people))

    assert [len(part) for part in parts] == [500, 500, 1]
    assert sorted(people) == [person for part in parts for person in part]
    assert in_chunks([]) == []


def test_some_people_by_their_chunk() -> None:
    """They are in the chunk in which they would be with everybody else; empty ones are left out."""
    people = [f"user-{number:04}" for number in range(1_001)]

    assert by_chunk(people, {"user-1000", "user-0001", "user-0000"}) == {
        0: ["user-0000", "user-0001"],
        2: ["user-1000"],
    }
    assert by_chunk(people[:500], {"user-0003", "user-0001"}) == {0: ["user-0001", "user-0003"]}
    assert by_chunk(people, set()) == by_chunk(people[:2], set()) == {}
