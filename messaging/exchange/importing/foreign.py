"""What other products export: people, conversations and messages under their own ids."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from messaging.domain.participant import Role


class Unusable(Exception):
    """An item cannot be imported. The argument is the reason, for a person."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item stands."""

    file: str
    line: int


class Person(Struct, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    picture: str | None = None
    at: datetime | None = None
    """When they had this name. The latest name is kept. None: before every other."""


class Conversation(Struct, frozen=True, kw_only=True):
    id: str
    direct: bool = False
    title: str | None = None
    created_at: datetime | None = None
    """None: when its first message was sent."""
    owner: str | None = None
    since_joining: bool = False
    """Whether people see only what was sent since they joined."""


class Member(Struct, frozen=True, kw_only=True):
    conversation: str
    person: str
    role: Role = Role.MEMBER
    visible_since: datetime | None = None
    """They may see the messages from this time on. None: all messages."""


class File(Struct, frozen=True, kw_only=True):
    path: str
    """In the folder of the files."""
    name: str
    content_type: str | None = None


class Message(Struct, frozen=True, kw_only=True):
    id: str
    conversation: str
    sender: str
    text: str
    at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    pinned: bool = False


class Reaction(Struct, frozen=True, kw_only=True):
    conversation: str
    message: str
    person: str
    emoji: str


class Edit(Struct, frozen=True, kw_only=True):
    """A later text of a message. It counts only if it is of the sender of the message."""

    conversation: str
    message: str
    by: str
    text: str
    at: datetime


class Deletion(Struct, frozen=True, kw_only=True):
    """A deletion by the sender of the message. Others than the sender need a right to delete, which
    no export proves: these messages have `deleted_at` if the product deleted them."""

    conversation: str
    message: str
    by: str
    at: datetime


class Pin(Struct, frozen=True, kw_only=True):
    conversation: str
    message: str


Act = Reaction | Edit | Deletion | Pin
"""What was done with a message."""


class LeftOut(Struct, frozen=True, kw_only=True):
    """Something that has no counterpart here."""

    what: str


Item = Person | Conversation | Member | Message | Act | LeftOut | Unusable


@dataclass(frozen=True, slots=True)
class Found:
    """An item, with its place in the export."""

    item: Item
    origin: Origin


def convert(value: Any, kind: Any, *, what: str) -> Any:
    """Return a decoded JSON value as a struct. Raises Unusable."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        raise Unusable(f"{what}: {error}") from None


def name_in(folder: Path, path: Path) -> str:
    """Return the name of a file for a person."""
    return path.name if folder == path else str(path.relative_to(folder))
