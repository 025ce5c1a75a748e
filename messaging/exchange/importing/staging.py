"""The items of an export on the disk, by conversation and by time: an export has them in any order,
and more of them than fit into memory."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from messaging.changes.text_rules import readable
from messaging.domain.participant import Role
from messaging.exchange.importing.foreign import (
    Act,
    Conversation,
    Deletion,
    Edit,
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
)
from messaging.exchange.importing.normalising import normalised
from messaging.exchange.reading import Problem
from messaging.exchange.scratch import ScratchDatabase

T = TypeVar("T")

_TABLES = """
CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT, picture TEXT, at REAL);
CREATE TABLE conversation (id TEXT PRIMARY KEY, item BLOB, file TEXT, line INTEGER);
CREATE TABLE member (conversation TEXT, person TEXT, n INTEGER, rank INTEGER, visible_since TEXT,
    PRIMARY KEY (conversation, person));
CREATE TABLE message (conversation TEXT, id TEXT, at REAL, n INTEGER, item BLOB, file TEXT,
    line INTEGER, PRIMARY KEY (conversation, id));
CREATE INDEX message_order ON message (conversation, at, n);
CREATE TABLE act (conversation TEXT, message TEXT, n INTEGER, kind TEXT, item BLOB);
CREATE INDEX act_order ON act (conversation, message, n);
CREATE TABLE left_out (what TEXT PRIMARY KEY, times INTEGER);
"""
_PERSON = """
INSERT INTO person VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    name = CASE WHEN later THEN excluded.name ELSE name END,
    picture = coalesce(excluded.picture, picture),
    at = CASE WHEN later THEN excluded.at ELSE at END
""".replace("later", "excluded.name IS NOT NULL AND (name IS NULL OR excluded.at >= at)")
"""The latest name stays, and the last picture."""
_MEMBER = (
    "INSERT INTO member VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (conversation, person) DO UPDATE SET rank = max(rank, excluded.rank)"
)
"""The highest role stays."""
_RANKS = (Role.MEMBER, Role.ADMIN, Role.OWNER)
_ACTS: dict[str, Any] = {"Reaction": Reaction, "Edit": Edit, "Deletion": Deletion, "Pin": Pin}


class Staging(ScratchDatabase):
    def __init__(self) -> None:
        super().__init__(_TABLES)
        self._number = 0

    def add(self, found: Found) -> Problem | None:
        """Keep an item. Return the problem with it, if there is one."""
        self._number += 1
        try:
            return self._add(normalised(found.item), found.origin)
        except Unusable as unusable:
            return problem(found.origin, str(unusable))
        except UnicodeError:
            reason = "An id, a name or a path has half a character (a lone surrogate)."
            return problem(found.origin, reason)
        except (ValueError, OverflowError) as error:
            return problem(found.origin, f"The item cannot be kept: {error}.")

    def _add(self, item: Item, origin: Origin) -> Problem | None:
        match item:
            case Unusable():
                return problem(origin, str(item))
            case LeftOut():
                self.leave_out(item.what)
            case Person():
                at = item.at.timestamp() if item.at else 0
                self._database.execute(_PERSON, (item.id, item.name, item.picture, at))
            case Conversation():
                place = (origin.file, origin.line)
                if not self._put("conversation", item.id, _encoded(item), *place):
                    return problem(origin, f"The conversation {item.id} is there twice.")
            case Member():
                since = item.visible_since.isoformat() if item.visible_since else None
                order = (self._number, _RANKS.index(item.role), since)
                self._database.execute(_MEMBER, (item.conversation, item.person, *order))
            case Message():
                place = (origin.file, origin.line)
                key = (item.conversation, item.id, item.at.timestamp(), self._number)
                if not self._put("message", *key, _encoded(item), *place):
                    return problem(origin, f"The message {item.id} is there twice.")
            case _:
                kind = type(item).__name__
                target = (item.conversation, item.message)
                self._put("act", *target, self._number, kind, _encoded(item))
        return None

    def leave_out(self, what: str, times: int = 1) -> None:
        """Count what is not imported."""
        self._database.execute(
            "INSERT INTO left_out VALUES (?, ?)"
            " ON CONFLICT (what) DO UPDATE SET times = times + excluded.times",
            (readable(what), times),
        )

    def left_out(self) -> list[tuple[str, int]]:
        return list(self._database.execute("SELECT what, times FROM left_out ORDER BY what"))

    def people(self) -> Iterator[Person]:
        """Yield everyone who is named as a person or a member, in the order of ids."""
        statement = (
            "SELECT id, name, picture FROM ("
            "SELECT id FROM person UNION SELECT person FROM member) named"
            " LEFT JOIN person USING (id) ORDER BY id"
        )
        for id_, name, picture in self._database.execute(statement):
            yield Person(id=id_, name=name, picture=picture)

    def conversations(self) -> Iterator[tuple[Conversation, Origin]]:
        """Yield the conversations in the order of their first messages, then those without a
        message in the order of ids."""
        for item, file, line, _ in self._database.execute(
            "SELECT item, file, line, (SELECT min(at) FROM message WHERE conversation = c.id) first"
            " FROM conversation c ORDER BY first IS NULL, first, id"
        ):
            yield _decoded(item, Conversation), Origin(file, line)

    def members(self, conversation: str) -> list[Member]:
        """Return the members in the order in which they were named."""
        found = self._database.execute(
            "SELECT person, rank, visible_since FROM member WHERE conversation = ? ORDER BY n",
            (conversation,),
        )
        return [
            Member(
                conversation=conversation,
                person=person,
                role=_RANKS[rank],
                visible_since=datetime.fromisoformat(since) if since else None,
            )
            for person, rank, since in found
        ]

    def messages(self, conversation: str) -> Iterator[tuple[Message, Origin]]:
        """Yield the messages by time."""
        for item, file, line in self._database.execute(
            "SELECT item, file, line FROM message WHERE conversation = ? ORDER BY at, n",
            (conversation,),
        ):
            yield _decoded(item, Message), Origin(file, line)

    def has_message(self, conversation: str, id_: str) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM message WHERE conversation = ? AND id = ?", (conversation, id_)
        )
        return found.fetchone() is not None

    def acts(self, conversation: str, message: str) -> list[Act]:
        """Return what was done with a message, in the order of the export."""
        found = self._database.execute(
            "SELECT kind, item FROM act WHERE conversation = ? AND message = ? ORDER BY n",
            (conversation, message),
        )
        return [_decoded(item, _ACTS[kind]) for kind, item in found]

    def lost(self) -> Iterator[Problem]:
        """Yield the messages of conversations that the export does not have."""
        for id_, file, line in self._database.execute(
            "SELECT conversation, file, line FROM message m WHERE NOT EXISTS"
            " (SELECT 1 FROM conversation WHERE id = m.conversation) ORDER BY n"
        ):
            yield problem(Origin(file, line), f"The export has no conversation {id_}.")

    def _put(self, table: str, *row: object) -> bool:
        marks = ", ".join("?" * len(row))
        added = self._database.execute(
            f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608  a name of ours
            row,
        )
        return added.rowcount > 0


def problem(origin: Origin, reason: str) -> Problem:
    """Return a problem that can be printed, whatever the item contains."""
    return Problem(file=readable(origin.file), line=origin.line, reason=readable(reason))


def _encoded(item: object) -> bytes:
    return msgspec.msgpack.encode(item)


def _decoded(item: bytes, kind: type[T]) -> T:
    return msgspec.msgpack.decode(item, type=kind)
