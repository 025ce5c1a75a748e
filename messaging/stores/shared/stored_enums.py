"""Stored values of enumerations.

A store may contain a value of a later release, which was rolled back. Such a value is read as the
default named here, and never raises. It stays in the store until another value is chosen: neither a
commit nor another setting of the person changes it.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TypeVar, cast

from messaging.domain.conversation import ConversationKind, History, Posting
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.domain.integrations.moderation import Fallback, WordAction
from messaging.domain.message import MessageKind
from messaging.domain.participant import Notify, Role
from messaging.domain.people import AddedBy
from messaging.domain.personal_data.audit import ActorKind
from messaging.domain.personal_data.jobs import HoldKind, JobKind, JobState
from messaging.domain.recipients import Platform, TokenKind, Verdict
from messaging.domain.reports import ReportStatus

Kind = TypeVar("Kind", bound=StrEnum)

UNKNOWN: Mapping[type[StrEnum], StrEnum] = {
    ConversationKind: ConversationKind.GROUP,
    Posting: Posting.ADMINS,  # whoever may send, it may not be everyone
    History: History.SINCE_JOINING,  # whatever is shown, it may not be everything
    MessageKind: MessageKind.TEXT,
    Role: Role.MEMBER,  # the lowest rights
    Notify: Notify.ALL,
    AddedBy: AddedBy.NOBODY,  # whatever it allows, it may not be everyone
    TokenKind: TokenKind.TOKEN,
    Platform: Platform.ANDROID,  # no fields of its own in a push
    Verdict: Verdict.DROPPED,  # it is decided: no further push
    AttachmentStatus: AttachmentStatus.PENDING,  # it is neither sent nor shown
    ReportStatus: ReportStatus.OPEN,  # an operator checks it again
    WordAction: WordAction.FLAG,  # an operator looks at the message
    ActorKind: ActorKind.COMMAND,  # the name beside it tells more
    JobKind: JobKind.EXPORT,  # whatever it does, it may not erase
    JobState: JobState.FAILED,
    HoldKind: HoldKind.PERSON,
    Fallback: Fallback.REFUSE,  # whatever it allows, it may not be everything
}
"""The default for a value that this release does not know."""

_MEMBERS = {kind: {member.value: member for member in kind} for kind in UNKNOWN}


def member_of(kind: type[Kind], value: object) -> Kind:
    """Return the member with this value, or the default for an unknown one."""
    return cast("Kind", _MEMBERS[kind].get(value, UNKNOWN[kind]))  # type: ignore[call-overload]


def conversion_to(kind: type[Kind]) -> Callable[[object], Kind]:
    """Return `member_of` for one enumeration, as the conversion of a codec.

    Raises TypeError if the enumeration has no default here: a codec is made when its module is
    imported, so it is found then and not at the first read.
    """
    if kind not in UNKNOWN:
        raise TypeError(f"UNKNOWN has no default for an unknown value of {kind.__name__}. Add one.")
    return partial(member_of, kind)
