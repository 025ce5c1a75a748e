"""The jobs that wake the workers."""

from collections.abc import Mapping
from typing import Any

from messaging.commits.group_commit import Committed
from messaging.domain.change import Change, ChangeType
from messaging.domain.integrations.webhooks import WebhookEvent
from messaging.notifications.jobs import FollowJob, encode
from messaging.webhooks.changes import Hint
from messaging.webhooks.hints import HintList
from messaging.webhooks.waking import Waking, decoded
from messaging.webhooks.webhooks import Webhooks
from tests.samples import sample_conversation


def additions(number: int, *, people: int) -> Mapping[int, Hint]:
    """Hints of so many changes that added people."""
    added = [{"user_id": f"{one:0128}", "role": "member"} for one in range(people)]
    detail = {"by": "ann", "participants": added}
    return {
        version: Hint(WebhookEvent.PARTICIPANT_ADDED, "", detail)
        for version in range(1, number + 1)
    }


async def jobs_of(changed: Mapping[str, Mapping[int, Hint]]) -> list[FollowJob]:
    jobs: list[FollowJob] = []
    waking = Waking(jobs.append)
    for conversation_id, hints in changed.items():
        waking.add(conversation_id, hints)
    await waking.stop()
    return jobs


async def test_a_job_is_bounded_in_bytes() -> None:
    """The latest hints of a conversation come, as many as there is room for, and every conversation
    comes."""
    changed = {f"c{number}": additions(200, people=100) for number in range(20)}
    jobs = await jobs_of(changed)
    assert max(len(encode(job).encode()) for job in jobs) < 66 * 1024
    told = [one for job in jobs for one in job.changed]
    assert [one.id for one in told] == list(changed)
    for one in told:
        versions = list(decoded(one.hints))
        assert versions == list(range(201 - len(versions), 201))
        assert versions


async def test_small_changes_share_a_job() -> None:
    (job,) = await jobs_of({f"c{number}": additions(2, people=1) for number in range(100)})
    assert [len(one.hints) for one in job.changed] == [2] * 100


async def test_a_process_that_only_wakes_keeps_no_hints() -> None:
    """The job has them."""
    jobs: list[FollowJob] = []
    unused: Any = None
    webhooks = Webhooks(calls=unused, epochs=unused, hints=HintList(), sender=object())
    webhooks.wake_workers(jobs.append)
    change = Change(type=ChangeType.CONVERSATION_UPDATED, version=1, by="ann")
    webhooks.committed(
        Committed(conversation=sample_conversation(version=1), before_token=None, changes=[change])
    )
    await webhooks.stop()
    ((changed,),) = (job.changed for job in jobs)
    assert [(one.version, one.type) for one in changed.hints] == [(1, "conversation.updated")]
    assert len(webhooks.hints) == 0
