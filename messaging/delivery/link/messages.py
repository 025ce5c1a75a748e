"""The types of messages between instances, except those of one conversation (`batch`): one frozen
class each.

Later releases add new fields to a type, and new types; a reader skips unknown ones. Any other
change needs a new version of the format (`messaging.delivery.link.encoding`). That includes a new
length of an array, because readers of version 1 unpack it.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.field_types import BootId, ConversationId, People
from messaging.domain.fields.types import Number, UserId
from messaging.domain.people import Access

_MAX_COMMITS = 10_000
_Micros = Annotated[int, Meta(ge=-(2**62), le=2**62)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PeopleChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="people"):
    """People were added or removed."""

    conversation_id: ConversationId
    version: Number
    added: People = []


class BlocksChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="blocks"):
    """A person blocks or unblocks another in a direct conversation."""

    conversation_id: ConversationId


class Commits(Struct, frozen=True, array_like=True):
    """The sender's recent commits of one conversation."""

    version: Number
    added: People = []


class Beacon(Struct, frozen=True, kw_only=True, tag_field="type", tag="beacon"):
    number: Number
    """The number of the beacons to all so far, this one included if it goes to all."""
    commits: Annotated[dict[ConversationId, Commits], Meta(max_length=_MAX_COMMITS)] = {}
    reads: Annotated[int, Meta(ge=1, le=1_000)] = 1
    """The highest version of the format that the sender reads. Releases before the second version
    neither send nor read this field."""
    echo: Number = 0
    """The number of all beacons so far, those to the sender alone included. 0 from releases that
    send each beacon to all, and need those of the others."""


class Goodbye(Struct, frozen=True, kw_only=True, tag_field="type", tag="goodbye"):
    """The sender has shut down in order, with everything published."""


class AccessState(Struct, frozen=True, array_like=True):
    """The changed access of a person; times in microseconds since the epoch.

    Only the person and the time of the change are used; the rest is read from the store. It is for
    releases that apply the message directly.
    """

    user_id: UserId
    valid_after: _Micros | None
    banned_until: _Micros | None
    changed_at: _Micros | None


class AccessChanged(Struct, frozen=True, kw_only=True, tag_field="type", tag="access"):
    number: Number
    access: AccessState


class AccessKnown(Struct, frozen=True, kw_only=True, tag_field="type", tag="access.known"):
    """The sender has applied the change with that number, which `to` announced."""

    number: Number
    to: BootId


LinkMessage = (
    Batch
    | SoftEvent
    | PeopleChanged
    | BlocksChanged
    | Beacon
    | Goodbye
    | AccessChanged
    | AccessKnown
)
KINDS = frozenset(
    kind.__struct_config__.tag
    for kind in (
        Batch,
        SoftEvent,
        PeopleChanged,
        BlocksChanged,
        Beacon,
        Goodbye,
        AccessChanged,
        AccessKnown,
    )
)
decoder: msgspec.msgpack.Decoder[LinkMessage] = msgspec.msgpack.Decoder(LinkMessage)


def access_state(access: Access) -> AccessState:
    return AccessState(
        access.user_id,
        _micros(access.valid_after),
        _micros(access.banned_until),
        _micros(access.changed_at),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND
