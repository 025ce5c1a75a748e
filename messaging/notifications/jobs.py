"""Jobs: the work that travels through the queue, as ids only, never as text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from messaging.notifications.policy import Stage
from messaging.stores.decisions import ChunkKey

CHUNK_PEOPLE = 500


class MalformedJob(Exception):
    """The entry of the queue is not a valid job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyJob:
    """Decide whether these people get a push for a message, and send it."""

    conversation_id: str
    message_id: str
    seq: int
    chunk: int
    stage: Stage
    user_ids: tuple[str, ...]
    dropped: Mapping[str, str] = field(default_factory=dict)
    """People who were excluded at sending, with the reason. They are only recorded."""
    made_at: float
    """In seconds since the epoch, by its creator's clock. Jobs of a sweep are as old as their
    message."""
    attempt: int = 0

    @property
    def key(self) -> ChunkKey:
        return ChunkKey(
            conversation_id=self.conversation_id, message_id=self.message_id, chunk=self.chunk
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearJob:
    """Remove a conversation's notification from a person's devices: they have read it elsewhere."""

    conversation_id: str
    user_id: str
    read_seq: int
    made_at: float
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawJob:
    """Remove a deleted message's notification from the devices that show it. Never queued."""

    conversation_id: str
    message_id: str
    seq: int
    made_at: float


QueuedJob = NotifyJob | ClearJob
Job = QueuedJob | WithdrawJob


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """The job is not done: run it again after so many seconds."""

    seconds: float
    reason: str


def in_chunks(user_ids: Iterable[str]) -> Sequence[Sequence[str]]:
    """Return the people of a conversation in chunks of at most 500, always the same for the same
    people."""
    people = sorted(user_ids)
    return [people[start : start + CHUNK_PEOPLE] for start in range(0, len(people), CHUNK_PEOPLE)]


def encode(job: QueuedJob) -> str:
    fields: dict[str, Any] = {"kind": "clear" if isinstance(job, ClearJob) else "notify"}
    for name in _NAMES[type(job)]:
        value = getattr(job, name)
        fields[name] = value
    return json.dumps(fields, separators=(",", ":"))


def decode(body: str) -> QueuedJob:
    """Decode a job. Fields that only a later release knows are ignored. Raises MalformedJob."""
    try:
        fields = json.loads(body)
        kind = _KINDS[fields["kind"]]
        known = {name: fields[name] for name in _NAMES[kind] if name in fields}
        if kind is ClearJob:
            return ClearJob(**known)
        return NotifyJob(
            **{
                **known,
                "stage": Stage(fields["stage"]),
                "user_ids": tuple(fields["user_ids"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MalformedJob(str(error)) from error


_KINDS: Mapping[str, type] = {"notify": NotifyJob, "clear": ClearJob}
_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(kind.__dataclass_fields__) for kind in (NotifyJob, ClearJob)
}
