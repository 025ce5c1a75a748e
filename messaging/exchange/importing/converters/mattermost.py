"""Mattermost: the JSON Lines of its bulk export
(https://docs.mattermost.com/onboard/bulk-loading-data.html)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

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
from messaging.exchange.importing.json_files import read_json_lines

_Milliseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_000)]


class _Line(Struct, kw_only=True):
    type: str


class _Channel(Struct, kw_only=True):
    team: str
    name: str
    display_name: str = ""


class _InChannel(Struct, kw_only=True):
    name: str
    roles: str = ""


class _Team(Struct, kw_only=True):
    name: str
    channels: list[_InChannel] | None = None


class _User(Struct, kw_only=True):
    username: str
    nickname: str = ""
    first_name: str = ""
    last_name: str = ""
    teams: list[_Team] | None = None


class _Reaction(Struct, kw_only=True):
    user: str
    emoji_name: str


class _Attachment(Struct, kw_only=True):
    path: str


class _Text(Struct, kw_only=True):
    user: str
    message: str
    create_at: _Milliseconds
    edit_at: _Milliseconds | None = None
    type: str | None = None
    is_pinned: bool | None = None
    reactions: list[_Reaction] | None = None
    attachments: list[_Attachment] | None = None


class _Post(_Text, kw_only=True):
    team: str
    channel: str
    replies: list[_Text] | None = None


class _DirectChannel(Struct, kw_only=True):
    members: list[str] | None = None
    participants: list[dict[str, Any]] | None = None
    header: str = ""


class _DirectPost(_Text, kw_only=True):
    channel_members: list[str]
    replies: list[_Text] | None = None


def convert_export(path: Path) -> Iterator[Found]:
    for value in read_json_lines(path, path):
        if isinstance(value, Found):
            yield value
            continue
        try:
            for item in _items(value.value, value.origin.line):
                yield Found(item, value.origin)
        except Unusable as unusable:
            yield Found(unusable, value.origin)


def _items(value: Any, line: int) -> Iterator[Item]:
    kind = convert(value, _Line, what="line").type
    if kind in {"version", "team", "role", "scheme", "info"}:
        return
    make = _KINDS.get(kind)
    if make is None:
        yield LeftOut(what=f"objects of the type {kind[:40]}")
        return
    form, items = make
    if kind not in value:
        raise Unusable(f"The object lacks `{kind}`.")
    yield from items(convert(value[kind], form, what=kind), line)


def _channel(channel: _Channel, _: int) -> Iterator[Item]:
    title = channel.display_name or channel.name
    yield Conversation(id=f"{channel.team}/{channel.name}", title=title)


def _user(user: _User, _: int) -> Iterator[Item]:
    full = f"{user.first_name} {user.last_name}".strip()
    yield Person(id=user.username, name=user.nickname or full or user.username)
    for team in user.teams or ():
        for channel in team.channels or ():
            role = Role.ADMIN if "channel_admin" in channel.roles.split() else Role.MEMBER
            id_ = f"{team.name}/{channel.name}"
            yield Member(conversation=id_, person=user.username, role=role)


def _direct_channel(channel: _DirectChannel, _: int) -> Iterator[Item]:
    members = channel.members or [
        str(one.get("username", "")) for one in channel.participants or ()
    ]
    if not all(members) or not members:
        raise Unusable("direct_channel: `members` or `participants` must name people.")
    id_ = _of_members(members)
    yield Conversation(id=id_, direct=len(set(members)) == 2)
    for one in dict.fromkeys(members):
        yield Member(conversation=id_, person=one)


def _post(post: _Post, line: int) -> Iterator[Item]:
    yield from _thread(post, post.replies or (), f"{post.team}/{post.channel}", line)


def _direct_post(post: _DirectPost, line: int) -> Iterator[Item]:
    yield from _thread(post, post.replies or (), _of_members(post.channel_members), line)


def _thread(post: _Text, replies: Sequence[_Text], conversation: str, line: int) -> Iterator[Item]:
    first = f"line {line}"
    yield from _message(post, conversation, first, None)
    for number, reply in enumerate(replies, 1):
        yield from _message(reply, conversation, f"{first}, reply {number}", first)


def _message(text: _Text, conversation: str, id_: str, reply_to: str | None) -> Iterator[Item]:
    if (text.type or "").startswith("system_"):
        yield LeftOut(what="system messages")
        return
    yield Message(
        id=id_,
        conversation=conversation,
        sender=text.user,
        text=text.message,
        at=_time(text.create_at),
        edited_at=_time(text.edit_at) if text.edit_at else None,
        reply_to=reply_to,
        files=tuple(
            File(path=one.path, name=Path(one.path).name) for one in text.attachments or ()
        ),
        pinned=bool(text.is_pinned),
    )
    for one in text.reactions or ():
        yield Reaction(
            conversation=conversation, message=id_, person=one.user, emoji=one.emoji_name
        )


def _of_members(members: Sequence[str]) -> str:
    return "direct/" + ",".join(sorted(set(members)))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


_KINDS: dict[str, tuple[Any, Any]] = {
    "channel": (_Channel, _channel),
    "user": (_User, _user),
    "direct_channel": (_DirectChannel, _direct_channel),
    "post": (_Post, _post),
    "direct_post": (_DirectPost, _direct_post),
}
