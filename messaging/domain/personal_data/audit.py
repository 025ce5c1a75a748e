"""The audit trail: who looked at the data of people, changed, exported or erased them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

KEPT_AT_LEAST = timedelta(days=30)
"""The database refuses to delete entries that are younger."""


class ActorKind(StrEnum):
    OPERATOR = "operator"
    """A person in the admin."""
    SERVICE = "service"
    COMMAND = "command"
    """A management command on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    kind: ActorKind
    name: str
    """The user name in the admin, the name of the service account, or of the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act. It contains no text of a message and no profile."""

    actor: Actor
    action: str
    """Such as `messages.viewed`."""
    person_id: str | None = None
    """The person whom it concerns, if it is one."""
    conversation_id: str = ""
    message_id: str = ""
    reason: str = ""
    """What the operator gave as the reason."""
    failure: str = ""
    """The code of the error; empty if the act succeeded."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """Further values, none of them a user id."""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    number: int
    at: datetime
    entry: AuditEntry
