"""The lines as msgspec structs, derived from the entities, so that a new field of an entity is in
the format by itself.

msgspec checks the types and bounds of a line when it decodes it, and generates the JSON Schema.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import default_of, required, types_of
from messaging.domain.fields.earlier_texts import EarlierText
from messaging.domain.fields.types import Number, ShortText, Text, UserId
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.limits import BOUNDS
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.domain.participant import OwnFlags, Participant, Preferences, ReadPosition
from messaging.domain.people import QuietHours, UserSettings
from messaging.domain.recipients import Device
from messaging.domain.reports import Report
from messaging.domain.uncounted import Uncounted
from messaging.exchange.records import FORMAT, VERSION, ConversationEnd, End

Time = Annotated[datetime, Meta(tz=True)]
StoredId = Annotated[str, Meta(pattern=r"\A[a-z2-7]{26}\Z")]
_ClientId = Annotated[str, Meta(max_length=128)]
_Digest = Annotated[str, Meta(max_length=64)]
_Operator = Annotated[str, Meta(max_length=150)]
_Part = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
_Small = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""The columns of SQL have these bounds."""
_Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
_Range = tuple[Number, Number]
_Format = Annotated[str, Meta(pattern=rf"\A{FORMAT}\Z")]


class PersonReactionsLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user_id: UserId
    emojis: Annotated[
        tuple[_Emoji, ...], Meta(min_length=1, max_length=BOUNDS["reactions_per_person"][1])
    ]


class ReactionLine(
    PersonReactionsLine,
    frozen=True,
    kw_only=True,
    tag="reaction",
    tag_field="record",
    forbid_unknown_fields=True,
):
    conversation_id: StoredId
    message_id: StoredId


_EMPTY: tuple[Any, ...] = (Uncounted(), frozenset())


def _line(
    entity: type,
    record: str | None,
    by_type: Mapping[Any, Any],
    *,
    without: tuple[str, ...] = (),
    types: Mapping[str, Any] | None = None,
    extra: tuple[tuple[str, Any, Any], ...] = (),
) -> type[Struct]:
    """Return the struct of an entity. `by_type`: the types in the line by those in the entity.
    `types`: by field, in place of the derived ones. `extra`: fields with types and defaults."""
    own = types or {}
    kinds, bounded = types_of(entity), types_of(entity, bounds=True)
    members: list[Any] = []
    for one in fields(entity):
        if one.name in without:
            continue
        kind = own.get(one.name) or _type(kinds[one.name], bounded[one.name], by_type)
        default = default_of(one)
        if default is MISSING:
            members.append((one.name, kind))
        elif default in _EMPTY or default in ({}, frozenset()):
            empty: Any = (
                () if not isinstance(default, dict) else msgspec.field(default_factory=dict)
            )
            members.append((one.name, kind, empty))
        else:
            members.append((one.name, kind, default))
    members += extra
    settings: Any = {
        "frozen": True,
        "kw_only": True,
        "omit_defaults": True,
        "forbid_unknown_fields": True,
    }
    if record is not None:
        settings |= {"tag": record, "tag_field": "record"}
    return msgspec.defstruct(f"{entity.__name__}Line", members, **settings)


def _type(kind: Any, bounded: Any, by_type: Mapping[Any, Any]) -> Any:
    inner = required(kind)
    if kind is not bounded and inner in {str, int}:
        return bounded
    of_line = by_type.get(inner, inner)
    return of_line if inner is kind else of_line | None


_SIMPLE: Mapping[Any, Any] = {
    str: ShortText,
    int: Number,
    bool: bool,
    datetime: Time,
    time: time,
    tuple[str, ...]: tuple[UserId, ...],
    frozenset[str]: tuple[UserId, ...],
    Mapping[str, int]: dict[UserId, Number],
    Uncounted: tuple[_Range, ...],
}
"""The type of a value in a line, by its type in an entity."""
_SIZES: Mapping[str, Any] = {"width": _Small | None, "height": _Small | None}
AttachmentLine: Any = _line(Attachment, None, _SIMPLE, types={"id": StoredId, **_SIZES})
ReactionSummaryLine: Any = _line(ReactionSummary, None, _SIMPLE)
PreferencesLine: Any = _line(Preferences, None, _SIMPLE)
OwnFlagsLine: Any = _line(OwnFlags, None, _SIMPLE)
QuietHoursLine: Any = _line(QuietHours, None, _SIMPLE)
SettingsLine: Any = _line(UserSettings, None, {**_SIMPLE, QuietHours: QuietHoursLine})
EarlierTextLine: Any = _line(EarlierText, None, _SIMPLE, types={"text": Text})
ParticipantLine: Any = _line(Participant, None, _SIMPLE, types={"user_id": UserId})
DeviceLine: Any = _line(Device, None, _SIMPLE, types={"id": _ClientId, "token": Text})
_TYPES: Mapping[Any, Any] = {
    **_SIMPLE,
    Mapping[str, Preferences]: dict[UserId, PreferencesLine],
    tuple[Attachment, ...]: tuple[AttachmentLine, ...],
    Mapping[str, ReactionSummary]: dict[_Emoji, ReactionSummaryLine],
    OwnFlags: OwnFlagsLine,
}


class HeaderLine(
    Struct, frozen=True, kw_only=True, tag="header", tag_field="record", forbid_unknown_fields=True
):
    format: _Format = FORMAT
    version: Annotated[int, Meta(ge=1, le=VERSION)]
    id: ShortText
    source: ShortText = ""
    made_at: Time


class PersonLine(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag="person",
    tag_field="record",
    forbid_unknown_fields=True,
):
    user_id: UserId
    name: ShortText | None = None
    picture: Text | None = None
    valid_after: Time | None = None
    banned_until: Time | None = None
    settings: SettingsLine = SettingsLine()
    blocked: tuple[UserId, ...] = ()
    left: dict[StoredId, Time] = {}
    devices: tuple[DeviceLine, ...] = ()


FileLine: Any = _line(
    StoredAttachment,
    None,
    _TYPES,
    without=("token",),
    types={
        "id": StoredId,
        "conversation_id": StoredId,
        "owner_id": UserId,
        "part": _Part | None,
        "message_id": StoredId | None,
        **_SIZES,
    },
)
ConversationLine: Any = _line(
    Conversation,
    "conversation",
    _TYPES,
    without=("updated_at", "last_message", "commit_id", "token", "counted"),
    types={
        "id": StoredId,
        "title": Text | None,
        "participants": tuple[ParticipantLine, ...],
        "metadata": Text | None,
        "picture": Text | None,
        "last_sender_id": _ClientId,
        "pinned_count": _Small,
        "content_hash": _Digest,
    },
)
MessageLine: Any = _line(
    Message,
    "message",
    _TYPES,
    types={
        "id": StoredId,
        "conversation_id": StoredId,
        "created_at": Time,
        "client_id": _ClientId | None,
        "reply_to": StoredId | None,
        "content_hash": _Digest,
    },
    extra=(
        ("earlier_texts", tuple[EarlierTextLine, ...], ()),
        ("reacted", tuple[PersonReactionsLine, ...], ()),
        ("files", tuple[FileLine, ...], ()),
    ),
)
PositionLine: Any = _line(
    ReadPosition,
    "position",
    _TYPES,
    without=("archived",),
    types={"user_id": UserId},
    extra=(("conversation_id", StoredId, msgspec.NODEFAULT),),
)
ConversationEndLine: Any = _line(
    ConversationEnd, "conversation_end", _TYPES, types={"conversation_id": StoredId}
)
ReportLine: Any = _line(
    Report,
    "report",
    _TYPES,
    types={
        "id": StoredId,
        "conversation_id": StoredId,
        "message_id": StoredId,
        "author_id": UserId,
        "reporter_id": _ClientId,
        "reason": Text,
        "closed_by": _Operator,
    },
    extra=(
        ("text", Text | None, None),
        ("attachments", tuple[AttachmentLine, ...], ()),
        ("copy_expires_at", Time | None, None),
        ("files", tuple[FileLine, ...], ()),
    ),
)
EndLine: Any = _line(End, "end", _TYPES)

LINES: tuple[Any, ...] = (
    HeaderLine,
    PersonLine,
    ConversationLine,
    PositionLine,
    MessageLine,
    ReactionLine,
    ConversationEndLine,
    ReportLine,
    EndLine,
)
