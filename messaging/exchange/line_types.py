"""The lines as msgspec structs, derived from the entities, so that a new field of an entity is in
the format by itself.

msgspec checks the types and bounds of a line when it decodes it, and generates the JSON Schema.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import default_of, required, types_of
from messaging.domain.fields.earlier_texts import EarlierText
from messaging.domain.fields.types import Number, ShortText, Text, UserId
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.domain.participant import OwnFlags, Preferences, ReadPosition, Role
from messaging.domain.people import UserSettings
from messaging.domain.recipients import Platform, TokenKind
from messaging.domain.reports import Report
from messaging.domain.uncounted import Uncounted
from messaging.exchange.records import FORMAT, VERSION, ConversationEnd, End

Time = Annotated[datetime, Meta(tz=True)]
StoredId = Annotated[str, Meta(pattern=r"\A[a-z2-7]{26}\Z")]
_Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
_Range = tuple[Number, Number]
_Format = Annotated[str, Meta(pattern=rf"\A{FORMAT}\Z")]


class ParticipantLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    user_id: UserId
    role: Role
    joined_version: Number
    visible_from: Number = 1


class PersonReactionsLine(Struct, frozen=True, kw_only=True):
    user_id: UserId
    emojis: Annotated[tuple[_Emoji, ...], Meta(min_length=1, max_length=20)]


class DeviceLine(Struct, frozen=True, kw_only=True):
    id: ShortText
    token: Text
    token_kind: TokenKind
    platform: Platform
    registered_at: Time


_TYPES: Mapping[Any, Any] = {
    str: ShortText,
    int: Number,
    bool: bool,
    datetime: Time,
    tuple[str, ...]: tuple[UserId, ...],
    frozenset[str]: tuple[UserId, ...],
    Mapping[str, int]: dict[UserId, Number],
    Mapping[str, Preferences]: dict[UserId, Preferences],
    Uncounted: tuple[_Range, ...],
    tuple[Attachment, ...]: tuple[Attachment, ...],
    Mapping[str, ReactionSummary]: dict[_Emoji, ReactionSummary],
    OwnFlags: OwnFlags,
}
"""The type of a value in a line, by its type in an entity."""
_EMPTY: tuple[Any, ...] = (Uncounted(), frozenset())


def _line(
    entity: type,
    record: str | None,
    *,
    without: tuple[str, ...] = (),
    types: Mapping[str, Any] | None = None,
    extra: tuple[tuple[str, Any, Any], ...] = (),
) -> type[Struct]:
    """Return the struct of an entity. `types`: by field, in place of the derived ones. `extra`:
    fields with their types and defaults."""
    own = types or {}
    kinds, bounded = types_of(entity), types_of(entity, bounds=True)
    members: list[Any] = []
    for one in fields(entity):
        if one.name in without:
            continue
        kind = own.get(one.name) or _type(kinds[one.name], bounded[one.name])
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


def _type(kind: Any, bounded: Any) -> Any:
    inner = required(kind)
    if kind is not bounded and inner in {str, int}:
        return bounded
    of_line = _TYPES.get(inner, inner)
    return of_line if inner is kind else of_line | None


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
    settings: UserSettings = UserSettings()
    blocked: tuple[UserId, ...] = ()
    left: dict[StoredId, Time] = {}
    devices: tuple[DeviceLine, ...] = ()


FileLine: Any = _line(
    StoredAttachment,
    None,
    without=("token",),
    types={"id": StoredId, "owner_id": UserId},
    extra=(("path", Text | None, None),),
)
ConversationLine: Any = _line(
    Conversation,
    "conversation",
    without=("updated_at", "last_message", "commit_id", "token", "counted"),
    types={
        "id": StoredId,
        "title": Text | None,
        "participants": tuple[ParticipantLine, ...],
        "metadata": Text | None,
        "picture": Text | None,
    },
)
MessageLine: Any = _line(
    Message,
    "message",
    types={"id": StoredId, "conversation_id": StoredId, "created_at": Time},
    extra=(
        ("earlier_texts", tuple[EarlierText, ...], ()),
        ("reacted", tuple[PersonReactionsLine, ...], ()),
        ("files", tuple[FileLine, ...], ()),
    ),
)
PositionLine: Any = _line(
    ReadPosition,
    "position",
    without=("archived",),
    types={"user_id": UserId},
    extra=(("conversation_id", StoredId, msgspec.NODEFAULT),),
)
ConversationEndLine: Any = _line(
    ConversationEnd, "conversation_end", types={"conversation_id": StoredId}
)
ReportLine: Any = _line(
    Report,
    "report",
    types={"id": StoredId, "author_id": UserId, "reporter_id": ShortText, "reason": Text},
    extra=(
        ("text", Text | None, None),
        ("attachments", tuple[Attachment, ...], ()),
        ("copy_expires_at", Time | None, None),
        ("files", tuple[FileLine, ...], ()),
    ),
)
EndLine: Any = _line(End, "end")

LINES: tuple[Any, ...] = (
    HeaderLine,
    PersonLine,
    ConversationLine,
    PositionLine,
    MessageLine,
    ConversationEndLine,
    ReportLine,
    EndLine,
)
