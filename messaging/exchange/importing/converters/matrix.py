"""Matrix: the folder that Synapse's `export-data` writes (`rooms/*/events` in JSON Lines), or the
JSON file of a room that Element exports.

https://element-hq.github.io/synapse/latest/usage/administration/admin_faq.html
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from messaging.domain.participant import Role
from messaging.exchange.importing.converters.matrix_memberships import Memberships
from messaging.exchange.importing.foreign import (
    Conversation,
    Deletion,
    Edit,
    File,
    Found,
    Item,
    LeftOut,
    Member,
    Message,
    Origin,
    Person,
    Reaction,
    Unusable,
    convert,
)
from messaging.exchange.importing.json_files import Value, read_elements, read_json_lines

_FILES = {"m.file", "m.image", "m.audio", "m.video"}
_Milliseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_000)]


class _Event(Struct, kw_only=True):
    type: str
    sender: str
    origin_server_ts: _Milliseconds
    event_id: str
    content: dict[str, Any]
    state_key: str | None = None
    redacts: str | None = None
    redacted_because: dict[str, Any] | None = None
    unsigned: dict[str, Any] | None = None

    @property
    def redaction(self) -> dict[str, Any] | None:
        """The redaction that the server applied."""
        found = self.redacted_because or (self.unsigned or {}).get("redacted_because")
        return found if isinstance(found, dict) else None

    @property
    def is_emptied(self) -> bool:
        """Return whether the server removed the content."""
        return not self.content.keys() - {"m.relates_to"}


class _Reply(Struct, kw_only=True):
    event_id: str


class _Relation(Struct, kw_only=True):
    rel_type: str | None = None
    event_id: str | None = None
    key: str | None = None
    in_reply_to: _Reply | None = None


class _Sent(Struct, kw_only=True):
    origin_server_ts: _Milliseconds | None = None


class _Info(Struct, kw_only=True):
    mimetype: str | None = None


class _Mentions(Struct, kw_only=True):
    user_ids: list[str] = []


def convert_export(path: Path) -> Iterator[Found]:
    if path.is_file():
        yield from _Room(path.stem).convert(read_elements(path, path, member="messages"), path.name)
        return
    rooms = sorted(path.glob("rooms/*/events"))
    if not rooms:
        reason = "The folder has no rooms/*/events: it is not an export of Synapse."
        yield Found(Unusable(reason), Origin(path.name, 0))
    for events in rooms:
        values = read_json_lines(path, events)
        yield from _Room(events.parent.name).convert(values, str(events.relative_to(path)))


class _Room:
    def __init__(self, id_: str) -> None:
        self._id = id_
        self._title: str | None = None
        self._owner: str | None = None
        self._created_at: datetime | None = None
        self._memberships = Memberships()
        self._senders: set[str] = set()

    def convert(self, values: Iterator[Value | Found], name: str) -> Iterator[Found]:
        for value in values:
            if isinstance(value, Found):
                yield value
                continue
            try:
                for item in self._items(value.value):
                    yield Found(item, value.origin)
            except Unusable as unusable:
                yield Found(unusable, value.origin)
        origin = Origin(name, 1)
        people = self._memberships.people(self._senders)
        room = Conversation(
            id=self._id,
            direct=len(people) == 2 and self._title is None,
            title=self._title,
            created_at=self._created_at,
            owner=self._owner,
            since_joining=self._memberships.since_joining,
        )
        yield Found(room, origin)
        for user_id in sorted(people):
            role = Role.OWNER if user_id == self._owner else Role.MEMBER
            member = Member(
                conversation=self._id,
                person=user_id,
                role=role,
                visible_since=self._memberships.visible_since(user_id),
            )
            yield Found(member, origin)

    def _items(self, value: Any) -> Iterator[Item]:
        event: _Event = convert(value, _Event, what="event")
        at = datetime.fromtimestamp(event.origin_server_ts / 1000, UTC)
        match event.type:
            case "m.room.message":
                yield from self._message(event, at)
            case "m.reaction":
                yield from self._reaction(event)
            case "m.room.redaction":
                if (target := event.redacts or event.content.get("redacts")) is not None:
                    by = event.sender
                    yield Deletion(conversation=self._id, message=str(target), by=by, at=at)
            case "m.room.member" if event.state_key is not None:
                yield from self._member(event, at)
            case "m.room.create":
                self._owner, self._created_at = event.sender, at
            case "m.room.name":
                self._title = str(event.content.get("name", "")) or None
            case "m.room.history_visibility":
                self._memberships.set_visibility(event.content.get("history_visibility"))
            case "m.room.encrypted":
                yield LeftOut(what="encrypted messages")
            case _:
                yield LeftOut(what="events that are no messages")

    def _member(self, event: _Event, at: datetime) -> Iterator[Item]:
        assert event.state_key is not None
        self._memberships.set_membership(event.state_key, event.content.get("membership"))
        name = event.content.get("displayname")
        if isinstance(name, str) and event.sender == event.state_key:
            yield Person(id=event.state_key, name=name, at=at)

    def _reaction(self, event: _Event) -> Iterator[Item]:
        if not event.content or event.redaction is not None:
            return
        relation = _relation(event)
        if relation.event_id is None or relation.key is None:
            raise Unusable("event: a reaction needs `event_id` and `key` in `m.relates_to`.")
        yield Reaction(
            conversation=self._id,
            message=relation.event_id,
            person=event.sender,
            emoji=relation.key,
        )

    def _message(self, event: _Event, at: datetime) -> Iterator[Item]:
        content = event.content
        if event.is_emptied:  # nothing shows whether it was a message or an edit
            yield LeftOut(what="messages and edits that are redacted")
            return
        relation = _relation(event)
        if relation.rel_type == "m.replace" and relation.event_id is not None:
            if event.redaction is not None:
                yield LeftOut(what="messages and edits that are redacted")
                return
            new = content.get("m.new_content")
            body = new.get("body") if isinstance(new, dict) else None
            if not isinstance(body, str):
                raise Unusable("event: `m.new_content` needs a text `body`.")
            target = relation.event_id
            yield Edit(conversation=self._id, message=target, by=event.sender, text=body, at=at)
            return
        self._senders.add(event.sender)
        self._memberships.add_message(at)
        body = content.get("body")
        if not isinstance(body, str):
            raise Unusable("event: `content` needs a text `body`.")
        deleted_at = None if event.redaction is None else _time_of(event.redaction, at)
        yield self._made(event, at, text=body, relation=relation, deleted_at=deleted_at)

    def _made(
        self,
        event: _Event,
        at: datetime,
        *,
        text: str,
        relation: _Relation,
        deleted_at: datetime | None,
    ) -> Message:
        content = event.content
        files: tuple[File, ...] = ()
        url = content.get("url")
        if content.get("msgtype") in _FILES and isinstance(url, str):
            info: _Info = convert(content.get("info") or {}, _Info, what="info")
            media = url.rpartition("/")[2]
            files = (File(path=media, name=text, content_type=info.mimetype),)
            text = ""
        mentions: _Mentions = convert(content.get("m.mentions") or {}, _Mentions, what="mentions")
        reply = relation.in_reply_to
        return Message(
            id=event.event_id,
            conversation=self._id,
            sender=event.sender,
            text=_without_quote(text) if reply else text,
            at=at,
            deleted_at=deleted_at,
            reply_to=reply.event_id if reply else None,
            mentions=tuple(mentions.user_ids),
            files=files,
        )


def _time_of(redaction: dict[str, Any], otherwise: datetime) -> datetime:
    """Return when a message was redacted."""
    found: _Sent = convert(redaction, _Sent, what="redacted_because")
    sent = found.origin_server_ts
    return otherwise if sent is None else datetime.fromtimestamp(sent / 1000, UTC)


def _relation(event: _Event) -> _Relation:
    found = event.content.get("m.relates_to") or {}
    if isinstance(found, dict) and "m.in_reply_to" in found:
        found = {**found, "in_reply_to": found["m.in_reply_to"]}
    relation: _Relation = convert(found, _Relation, what="m.relates_to")
    return relation


def _without_quote(text: str) -> str:
    """Return the text of a reply without the quotation before it, which clients show by
    themselves."""
    lines = text.split("\n")
    while lines and lines[0].startswith("> "):
        del lines[0]
    return "\n".join(lines).lstrip("\n") or text
