"""Conversations with messages that are old, and runs of retention."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import direct_conversation_id
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job
from messaging.models import JobRecord
from messaging.personal_data.requests import request_retention
from messaging.personal_data.retention.run import Retention
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.stores.conversations import Commit
from tests.integration.stores import new_conversation

BY = Actor(kind=ActorKind.COMMAND, name="apply_retention")
RATE = 1_000


def days_ago(days: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)


async def old_group(instance: Instance, *user_ids: str) -> str:
    """The id of a group that was created a hundred days ago."""
    bare = new_conversation(*user_ids, active_at=days_ago(100))
    await instance.store.create_conversation(replace(bare, created_at=days_ago(100)))
    return bare.id


async def old_direct(instance: Instance, one: str, other: str) -> str:
    bare = new_conversation(one, other, active_at=days_ago(100), title=None)
    id_ = direct_conversation_id(one, other)
    direct = replace(bare, id=id_, kind=ConversationKind.DIRECT, created_at=days_ago(100))
    await instance.store.create_conversation(direct)
    return id_


async def age(instance: Instance, conversation_id: str, *, days: float) -> None:
    """Date the messages back that are there."""
    conversation = await instance.store.get_conversation(conversation_id)
    assert conversation is not None
    messages = await instance.store.list_messages(
        conversation_id, first_seq=1, last_seq=conversation.seq
    )
    aged = [
        replace(one, created_at=days_ago(days) + timedelta(seconds=one.seq)) for one in messages
    ]
    after = replace(conversation, version=conversation.version + 1, last_message=aged[-1])
    await instance.store.commit(Commit(before=conversation, after=after, replaced=aged))


async def apply(
    instance: Instance, *, rate: int = RATE, limit: int | None = None, seconds: float = 60
) -> Job:
    """A run of retention, in turns of so many seconds."""
    asked = await request_retention(instance.database, by=BY, rate=rate, limit=limit)
    jobs = Jobs(
        instance.jobs.parts,
        owner="test",
        retention=Retention(instance.jobs.parts, slice_seconds=seconds),
    )
    while True:
        job = await jobs.run_one(asked.id)
        assert job is not None
        if job.state.ended or job.attempts:
            return job


async def forgotten(job: Job) -> None:
    """The lease of a killed process is over."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    await JobRecord.objects.filter(id=job.id).aupdate(leased_until=past, due_at=past)
