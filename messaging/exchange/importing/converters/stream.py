"""Stream Chat: JSON Lines, or an array, of `{type, item}`: its import format, and version 2 of its
exports (https://getstream.io/chat/docs/node/import/)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from messaging.domain.participant import Role
from messaging.exchange.importing.foreign import (
    Conversation,
    File,
    Found,
    Item,
    LeftOut,
    Member,
    Message,
    Person,
    Reaction,
    Unusable,
    convert,
)
from messaging.exchange.importing.json_files import Value, read_elements, read_json_lines

_EMOJIS = {"like": "👍", "love": "❤️", "haha": "😂", "wow": "😮", "sad": "😢", "angry": "😠"}
_ROLES = {"owner": Role.OWNER, "moderator": Role.ADMIN, "channel_moderator": Role.ADMIN}


class _Line(Struct, kw_only=True):
    type: str
    item: dict[str, Any]


class _User(Struct, kw_only=True):
    id: str
    name: str | None = None
    image: str | None = None


class _Channel(Struct, kw_only=True):
    id: str
    type: str
    created_by: str | _User | None = None
    name: str | None = None
    created_at: datetime | None = None
    member_ids: list[str] = []


class _Member(Struct, kw_only=True):
    channel_type: str
    channel_id: str
    user_id: str
    is_moderator: bool = False
    channel_role: str | None = None


class _Reaction(Struct, kw_only=True):
    message_id: str
    type: str
    user_id: str


class _Attachment(Struct, kw_only=True):
    title: str | None = None
    mime_type: str | None = None
    asset_url: str | None = None
    image_url: str | None = None


class _Message(Struct, kw_only=True):
    id: str
    channel_type: str
    channel_id: str
    user: str | _User
    created_at: datetime
    text: str = ""
    type: str = "regular"
    parent_id: str | None = None
    quoted_message_id: str | None = None
    message_text_updated_at: datetime | None = None
    deleted_at: datetime | None = None
    pinned_at: datetime | None = None
    mentioned_users_ids: list[str] = []
    attachments: list[_Attachment] = []
    reactions: list[_Reaction] = []


def convert_export(path: Path) -> Iterator[Found]:
    places: dict[str, str] = {}
    for value in _values(path):
        if isinstance(value, Found):
            yield value
            continue
        try:
            for item in _items(value.value, places):
                yield Found(item, value.origin)
        except Unusable as unusable:
            yield Found(unusable, value.origin)


def _values(path: Path) -> Iterator[Value | Found]:
    with path.open("rb") as file:
        is_array = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    return read_elements(path, path) if is_array else read_json_lines(path, path)


def _items(value: Any, places: dict[str, str]) -> Iterator[Item]:
    line: _Line = convert(value, _Line, what="line")
    make = _KINDS.get(line.type)
    if make is None:
        yield LeftOut(what=f"items of the type {line.type[:40]}")
        return
    yield from make(line.item, places)


def _user(item: Mapping[str, Any], _: dict[str, str]) -> Iterator[Item]:
    user: _User = convert(item, _User, what="user")
    yield Person(id=user.id, name=user.name, picture=user.image)


def _channel(item: Mapping[str, Any], _: dict[str, str]) -> Iterator[Item]:
    channel: _Channel = convert(item, _Channel, what="channel")
    id_ = f"{channel.type}:{channel.id}"
    owner = _id_of(channel.created_by)
    yield Conversation(
        id=id_,
        direct=channel.id.startswith("!members-"),
        title=channel.name,
        created_at=channel.created_at,
        owner=owner,
    )
    for user_id in channel.member_ids:
        yield Member(conversation=id_, person=user_id)


def _member(item: Mapping[str, Any], _: dict[str, str]) -> Iterator[Item]:
    member: _Member = convert(item, _Member, what="member")
    role = _ROLES.get(member.channel_role or "", Role.MEMBER)
    if member.is_moderator and role is Role.MEMBER:
        role = Role.ADMIN
    conversation = f"{member.channel_type}:{member.channel_id}"
    yield Member(conversation=conversation, person=member.user_id, role=role)


def _message(item: Mapping[str, Any], places: dict[str, str]) -> Iterator[Item]:
    message: _Message = convert(item, _Message, what="message")
    conversation = f"{message.channel_type}:{message.channel_id}"
    places[message.id] = conversation
    if message.type == "system":
        yield LeftOut(what="system messages")
        return
    sender = _id_of(message.user)
    assert sender is not None
    files, links = [], 0
    for one in message.attachments:
        address = one.asset_url or one.image_url
        if address is None:
            links += 1
            continue
        name = address.partition("?")[0].rpartition("/")[2]
        files.append(File(path=name, name=one.title or name, content_type=one.mime_type))
    for _ in range(links):
        yield LeftOut(what="attachments without a file")
    yield Message(
        id=message.id,
        conversation=conversation,
        sender=sender,
        text=message.text,
        at=message.created_at,
        edited_at=message.message_text_updated_at,
        deleted_at=message.deleted_at,
        reply_to=message.quoted_message_id or message.parent_id,
        mentions=tuple(message.mentioned_users_ids),
        files=tuple(files),
        pinned=message.pinned_at is not None,
    )
    for reaction in message.reactions:
        yield _reacted(reaction, conversation)


def _reaction(item: Mapping[str, Any], places: dict[str, str]) -> Iterator[Item]:
    reaction: _Reaction = convert(item, _Reaction, what="reaction")
    conversation = places.get(reaction.message_id)
    if conversation is None:
        raise Unusable(f"No message {reaction.message_id[:60]} comes before its reaction.")
    yield _reacted(reaction, conversation)


def _reacted(reaction: _Reaction, conversation: str) -> Reaction:
    return Reaction(
        conversation=conversation,
        message=reaction.message_id,
        person=reaction.user_id,
        emoji=_EMOJIS.get(reaction.type, reaction.type),
    )


def _id_of(user: str | _User | None) -> str | None:
    return user.id if isinstance(user, _User) else user


_KINDS = {
    "user": _user,
    "channel": _channel,
    "member": _member,
    "message": _message,
    "reaction": _reaction,
}
