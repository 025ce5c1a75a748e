"""Values of enumerations as stores have them.

A store may hold a value of a later release: it wrote some, and was rolled back. Such a value counts
as the one named here, and never raises. It stays in the store until another value is chosen there:
neither a commit nor another setting of the person touches it. Only on Firestore all of a person's
settings are one write, `added_by` among them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar, cast

from messaging.domain.conversation import ConversationKind
from messaging.domain.participant import Notify, Role
from messaging.domain.people import AddedBy
from messaging.domain.recipients import Platform, TokenKind, Verdict
from messaging.domain.reports import ReportStatus

Kind = TypeVar("Kind", bound=StrEnum)

UNKNOWN: Mapping[type[StrEnum], StrEnum] = {
    ConversationKind: ConversationKind.GROUP,
    Role: Role.MEMBER,  # the fewest rights
    Notify: Notify.ALL,
    AddedBy: AddedBy.NOBODY,  # whatever it allows, it may not be anybody
    TokenKind: TokenKind.TOKEN,
    Platform: Platform.ANDROID,  # no fields of its own in a push
    Verdict: Verdict.DROPPED,  # it is decided: nobody is rung again
    ReportStatus: ReportStatus.OPEN,  # an operator looks at it once more
}
"""What a value counts as that this release does not know."""

_MEMBERS = {kind: {member.value: member for member in kind} for kind in UNKNOWN}


def member_of(kind: type[Kind], value: object) -> Kind:
    """Return the member with this value, or what an unknown one counts as."""
    return cast("Kind", _MEMBERS[kind].get(value, UNKNOWN[kind]))  # type: ignore[call-overload]
