"""Jobs: the work that travels through the queue, as ids only, never as text."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from messaging.domain.fields.types import RequestId, TraceParent
from messaging.instruments.origin import Origin
from messaging.notifications.policy import Stage
from messaging.stores.decisions import ChunkKey

CHUNK_PEOPLE = 500


class MalformedJob(Exception):
    """The entry of the queue is not a valid job."""


class NotifyJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="notify"):
    """Decide whether these people get a push for a message, and send it."""

    conversation_id: str
    message_id: str
    seq: int
    chunk: int
    stage: Stage
    user_ids: tuple[str, ...]
    dropped: Mapping[str, str] = msgspec.field(default_factory=dict)
    """People who were excluded at sending, with the reason. They are only recorded."""
    made_at: float
    """In seconds since the epoch, by its creator's clock. Jobs of a sweep are as old as their
    message."""
    attempt: int = 0
    request_id: RequestId | msgspec.UnsetType = msgspec.UNSET
    """The request that sent the message, and the span of its commit. In the queue they travel
    beside the body (`queue.entries`): the workers of an earlier release would refuse the job."""
    trace: TraceParent | msgspec.UnsetType = msgspec.UNSET

    @property
    def origin(self) -> Origin | None:
        """Return what caused the job, as far as it is known."""
        if not (self.request_id or self.trace):
            return None
        return Origin(self.request_id or "", self.trace or "")

    @property
    def key(self) -> ChunkKey:
        return ChunkKey(
            conversation_id=self.conversation_id, message_id=self.message_id, chunk=self.chunk
        )


class ClearJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="clear"):
    """Remove a conversation's notification from a person's devices: they have read it elsewhere."""

    conversation_id: str
    user_id: str
    read_seq: int
    made_at: float
    attempt: int = 0


class ChangeHint(msgspec.Struct, frozen=True, kw_only=True):
    """What the store does not show of a change: ids, and no text."""

    version: int
    type: str
    about: str = ""
    detail: dict[str, Any] = msgspec.field(default_factory=dict)


class ChangedConversation(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    hints: tuple[ChangeHint, ...] = ()


class FollowJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="follow"):
    """Deliver the changes of these conversations to webhooks. The checkpoints know what that is: a
    lost job only delays it."""

    changed: tuple[ChangedConversation, ...]
    made_at: float
    attempt: int = 0

    @property
    def conversation_id(self) -> str:
        """Return the first conversation, for the log."""
        return self.changed[0].id if self.changed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawJob:
    """Remove a deleted message's notification from the devices that show it. Never queued."""

    conversation_id: str
    message_id: str
    seq: int
    made_at: float


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """The fields of a message that its jobs need, while they are not created yet."""

    conversation_id: str
    id: str
    seq: int
    sender_id: str
    made_at: float
    origin: Origin | None

    def job(
        self,
        *,
        chunk: int,
        stage: Stage,
        user_ids: tuple[str, ...],
        dropped: Mapping[str, str] | None = None,
    ) -> NotifyJob:
        """Return a job of this message."""
        return NotifyJob(
            conversation_id=self.conversation_id,
            message_id=self.id,
            seq=self.seq,
            chunk=chunk,
            stage=stage,
            user_ids=user_ids,
            dropped=dropped or {},
            made_at=self.made_at,
            **origin_fields(self.origin),
        )


QueuedJob = NotifyJob | ClearJob | FollowJob
Job = QueuedJob | WithdrawJob


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """The job is not done: run it again after so many seconds."""

    seconds: float
    reason: str


def origin_fields(origin: Origin | None) -> Mapping[str, Any]:
    """Return the fields of a job that name its origin; none without one."""
    if origin is None:
        return {}
    given = {"request_id": origin.request_id, "trace": origin.trace}
    return {name: value for name, value in given.items() if value}


def in_chunks(user_ids: Iterable[str]) -> Sequence[Sequence[str]]:
    """Return the people of a conversation in chunks of at most 500, always the same for the same
    people."""
    people = sorted(user_ids)
    return [people[start : start + CHUNK_PEOPLE] for start in range(0, len(people), CHUNK_PEOPLE)]


def by_chunk(everyone: Collection[str], some: Set[str]) -> Mapping[int, Sequence[str]]:
    """Return some of a conversation's people, by the number of their chunk."""
    if len(everyone) <= CHUNK_PEOPLE:
        return {0: sorted(some)} if some else {}
    chunks = enumerate(in_chunks(everyone))
    return {number: mine for number, chunk in chunks if (mine := [u for u in chunk if u in some])}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(QueuedJob)


def encode(job: QueuedJob) -> str:
    return _encoder.encode(job).decode()


def encoded_size(part: ChangedConversation | ChangeHint) -> int:
    """Return how many bytes this part of a job takes in the queue."""
    return len(_encoder.encode(part))


def decode(body: str) -> QueuedJob:
    """Decode a job. Fields that only a later release knows are ignored. Raises MalformedJob."""
    try:
        job: QueuedJob = _decoder.decode(body)
    except (ValueError, RecursionError) as error:
        raise MalformedJob(str(error)) from error
    return job
