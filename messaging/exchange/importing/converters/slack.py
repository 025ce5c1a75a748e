"""Slack: the folder of an unpacked export
(https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports)."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from messaging.exchange.importing.foreign import (
    Conversation,
    File,
    Found,
    Item,
    LeftOut,
    Member,
    Message,
    Origin,
    Person,
    Pin,
    Reaction,
    Unusable,
    convert,
)
from messaging.exchange.importing.json_files import read_elements

_LISTS = {"channels.json": False, "groups.json": False, "mpims.json": False, "dms.json": True}
"""The lists of conversations, and whether they are direct."""
_WRITTEN = {"", "me_message", "thread_broadcast", "file_share", "bot_message"}
"""The subtypes of messages that somebody wrote."""
_Seconds = Annotated[int, Meta(ge=0, le=253_402_300_799)]
_Ts = Annotated[str, Meta(pattern=r"\A[0-9]{9,11}(\.[0-9]{1,6})?\Z")]
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<([^>|]+)(?:\|([^>]*))?>")
_SKIN = re.compile(r"::skin-tone-[2-6]\Z")


class _Profile(Struct, kw_only=True):
    display_name: str = ""
    real_name: str = ""
    image_512: str | None = None


class _User(Struct, kw_only=True):
    id: str
    name: str = ""
    profile: _Profile | None = None


class _PinOf(Struct, kw_only=True):
    id: str
    type: str = ""


class _Channel(Struct, kw_only=True):
    id: str
    name: str = ""
    created: _Seconds | None = None
    creator: str | None = None
    members: list[str] = []
    pins: list[_PinOf] = []


class _Reaction(Struct, kw_only=True):
    name: str
    users: list[str]


class _File(Struct, kw_only=True):
    id: str
    name: str | None = None
    mimetype: str | None = None


class _Edited(Struct, kw_only=True):
    ts: _Ts


class _Message(Struct, kw_only=True):
    ts: _Ts
    text: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    subtype: str = ""
    thread_ts: _Ts | None = None
    reactions: list[_Reaction] = []
    files: list[_File] = []
    edited: _Edited | None = None


def convert_export(path: Path) -> Iterator[Found]:
    if not (path / "users.json").is_file():
        reason = "The folder has no users.json: it is not an unpacked export of Slack."
        yield Found(Unusable(reason), Origin(path.name, 0))
        return
    yield from _each(path, path / "users.json", _user)
    folders: dict[str, str] = {}
    for name, direct in _LISTS.items():
        if (path / name).is_file():
            yield from _each(
                path, path / name, lambda value, direct=direct: _channel(value, direct, folders)
            )
    for folder in sorted(one for one in path.iterdir() if one.is_dir()):
        conversation = folders.get(folder.name)
        if conversation is None:
            yield Found(LeftOut(what="folders that are no conversation"), Origin(folder.name, 0))
            continue
        for day in sorted(folder.glob("*.json")):
            yield from _each(path, day, lambda value, id_=conversation: _message(value, id_))


def _each(folder: Path, path: Path, make: Any) -> Iterator[Found]:
    for value in read_elements(folder, path):
        if isinstance(value, Found):
            yield value
            continue
        try:
            for item in make(value.value):
                yield Found(item, value.origin)
        except Unusable as unusable:
            yield Found(unusable, value.origin)


def _user(value: Any) -> Iterator[Item]:
    user: _User = convert(value, _User, what="user")
    profile = user.profile or _Profile()
    name = profile.display_name or profile.real_name or user.name
    yield Person(id=user.id, name=name, picture=profile.image_512)


def _channel(value: Any, direct: bool, folders: dict[str, str]) -> Iterator[Item]:
    channel: _Channel = convert(value, _Channel, what="channel")
    folders[channel.name or channel.id] = channel.id
    created = None if channel.created is None else _seconds(float(channel.created))
    yield Conversation(
        id=channel.id,
        direct=direct,
        title=channel.name or None,
        created_at=created,
        owner=channel.creator,
    )
    for user_id in channel.members:
        yield Member(conversation=channel.id, person=user_id)
    for pin in channel.pins:
        yield Pin(conversation=channel.id, message=pin.id)


def _message(value: Any, conversation: str) -> Iterator[Item]:
    message: _Message = convert(value, _Message, what="message")
    if message.subtype not in _WRITTEN:
        yield LeftOut(what="messages that report a change")
        return
    sender = message.user or message.bot_id
    if sender is None:
        raise Unusable("message: it has neither `user` nor `bot_id`.")
    if message.user is None:
        yield Person(id=sender, name=message.username, at=_seconds(float(message.ts)))
    reply_to = message.thread_ts if message.thread_ts != message.ts else None
    yield Message(
        id=message.ts,
        conversation=conversation,
        sender=sender,
        text=_plain(message.text),
        at=_seconds(float(message.ts)),
        edited_at=None if message.edited is None else _seconds(float(message.edited.ts)),
        reply_to=reply_to,
        mentions=tuple(_MENTION.findall(message.text)),
        files=tuple(
            File(
                path=f"{one.id}-{one.name or 'file'}",
                name=one.name or one.id,
                content_type=one.mimetype,
            )
            for one in message.files
        ),
    )
    for reaction in message.reactions:
        for user_id in reaction.users:
            yield Reaction(
                conversation=conversation,
                message=message.ts,
                person=user_id,
                emoji=_SKIN.sub("", reaction.name),
            )


def _plain(text: str) -> str:
    """Return a text without Slack's markup of mentions and links."""
    text = _MENTION.sub(r"@\1", text)
    text = _LINK.sub(lambda found: found[2] or found[1].lstrip("#!"), text)
    return html.unescape(text)


def _seconds(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
