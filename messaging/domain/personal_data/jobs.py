"""Jobs with the data of people: they survive a crash, and show how far they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from messaging.domain.identifiers import random_id
from messaging.domain.personal_data.audit import Actor

ERASED_PREFIX = "erased:"
REVOCATION_LIFETIME = timedelta(days=1)
"""How long an erased person's earlier sign-ins stay revoked, and the job keeps the user id: no
token lives longer."""


class JobKind(StrEnum):
    ERASE = "erase"
    EXPORT = "export"
    RETENTION = "retention"
    """A run of retention. It concerns no single person."""


class JobState(StrEnum):
    WAITING = "waiting"
    """No instance has begun."""
    RUNNING = "running"
    HELD = "held"
    """A legal hold defers it. It goes on when the hold is lifted."""
    DONE = "done"
    FAILED = "failed"
    """Not of an erasure, which is repeated until it is done: the job failed too often, or the
    person of the export was erased."""

    @property
    def ended(self) -> bool:
        return self in {JobState.DONE, JobState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: str
    kind: JobKind
    person_id: str
    """Empty once an erased person's id is forgotten, and for a run of retention."""
    erased_id: str
    """What takes the place of the user id; empty except for an erasure."""
    requested_by: Actor
    requested_at: datetime
    askers: Sequence[Actor] = ()
    """Others who asked for it while it was not done."""
    reason: str = ""
    state: JobState = JobState.WAITING
    step: str = ""
    """The step that it is in."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How much was done, by the kind of thing."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the next steps need, such as the ban that the person had before."""
    result: Mapping[str, Any] | None = None
    attempts: int = 0
    """The failures since its latest progress."""
    finished_at: datetime | None = None

    def may_be_read_by(self, actor: Actor) -> bool:
        return actor == self.requested_by or actor in self.askers


def new_erased_id() -> str:
    """Return an id for an erased person. It is random, so nobody can derive it from the user
    id."""
    return f"{ERASED_PREFIX}{random_id()}"


def is_erased(user_id: str) -> bool:
    return user_id.startswith(ERASED_PREFIX)


class HoldKind(StrEnum):
    PERSON = "person"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold: it defers erasures, and keeps messages from retention."""

    kind: HoldKind
    subject: str
    """A user id or a conversation id."""
    reason: str
