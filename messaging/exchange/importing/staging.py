"""The items of an export on the disk, by conversation and by time: an export has them in any order,
and more of them than fit into memory."""

import sqlite3
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from messaging.exchange.importing.foreign import (
    Conversation,
    Deletion,
    Edit,
    Found,
    LeftOut,
    Member,
    Message,
    Origin,
    Person,
    Pin,
    Reaction,
    Unusable,
)
from messaging.exchange.reading import Problem

T = TypeVar("T")

_TABLES = """
CREATE TABLE person (id TEXT PRIMARY KEY, item BLOB);
CREATE TABLE conversation (id TEXT PRIMARY KEY, item BLOB, file TEXT, line INTEGER);
CREATE TABLE member (conversation TEXT, person TEXT, n INTEGER, item BLOB,
    PRIMARY KEY (conversation, person));
CREATE TABLE message (conversation TEXT, id TEXT, at REAL, n INTEGER, item BLOB, file TEXT,
    line INTEGER, PRIMARY KEY (conversation, id));
CREATE INDEX message_order ON message (conversation, at, n);
CREATE TABLE act (conversation TEXT, message TEXT, n INTEGER, kind TEXT, item BLOB);
CREATE INDEX act_order ON act (conversation, message, n);
CREATE TABLE left_out (what TEXT PRIMARY KEY, times INTEGER);
"""
_ACTS: dict[str, Any] = {"Reaction": Reaction, "Edit": Edit, "Deletion": Deletion, "Pin": Pin}


class Staging:
    """Use it as a context manager, which removes the database."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="chat-import-")
        self._database = sqlite3.connect(f"{self._folder.name}/staging", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")  # never ended: a transaction for each item takes long
        self._number = 0

    def add(self, found: Found) -> Problem | None:
        """Keep an item. Return the problem with it, if there is one."""
        item, origin = found.item, found.origin
        self._number += 1
        match item:
            case Unusable():
                return problem(origin, str(item))
            case LeftOut():
                self.leave_out(item.what)
            case Person():
                self._put("person", item.id, _encoded(item))
            case Conversation():
                place = (origin.file, origin.line)
                if not self._put("conversation", item.id, _encoded(item), *place):
                    return problem(origin, f"The conversation {item.id} is there twice.")
            case Member():
                self._put("member", item.conversation, item.person, self._number, _encoded(item))
            case Message():
                order = (item.at.timestamp(), self._number)
                place = (origin.file, origin.line)
                key = (item.conversation, item.id)
                if not self._put("message", *key, *order, _encoded(item), *place):
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
            (what, times),
        )

    def left_out(self) -> list[tuple[str, int]]:
        return list(self._database.execute("SELECT what, times FROM left_out ORDER BY what"))

    def people(self) -> Iterator[Person]:
        """Yield everyone who is named as a person, a member or a sender, in the order of ids."""
        statement = (
            "SELECT id, (SELECT item FROM person WHERE person.id = named.id) FROM ("
            "SELECT id FROM person UNION SELECT person FROM member) named ORDER BY id"
        )
        for id_, item in self._database.execute(statement):
            yield Person(id=id_) if item is None else _decoded(item, Person)

    def conversations(self) -> Iterator[tuple[Conversation, Origin]]:
        """Yield the conversations in the order of ids."""
        for item, file, line in self._database.execute(
            "SELECT item, file, line FROM conversation ORDER BY id"
        ):
            yield _decoded(item, Conversation), Origin(file, line)

    def members(self, conversation: str) -> list[Member]:
        """Return the members in the order in which they were named."""
        found = self._database.execute(
            "SELECT item FROM member WHERE conversation = ? ORDER BY n", (conversation,)
        )
        return [_decoded(item, Member) for (item,) in found]

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

    def acts(self, conversation: str, message: str) -> list[Reaction | Edit | Deletion | Pin]:
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

    def __enter__(self) -> "Staging":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
        self._folder.cleanup()


def problem(origin: Origin, reason: str) -> Problem:
    return Problem(file=origin.file, line=origin.line, reason=reason)


def _encoded(item: object) -> bytes:
    return msgspec.msgpack.encode(item)


def _decoded(item: bytes, kind: type[T]) -> T:
    return msgspec.msgpack.decode(item, type=kind)
