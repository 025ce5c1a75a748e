"""The statements of a send on PostgreSQL.

Each has one text for any number of messages: the values of a column are one array. So the server
prepares the statement once for each connection.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from psycopg.types.json import Jsonb

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import Conversions, writer
from messaging.domain.fields.plain import attachments_data, reactions_data
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.conversations import Commit, CommitUnknown, Conflict
from messaging.stores.shared.commit_time import stamped
from messaging.stores.sql import rows
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.connections.errors import lost, not_writable, took_too_long
from messaging.stores.sql.revisions import committed
from messaging.stores.sql.sends.columns import (
    CONVERSATION_COLUMNS,
    CONVERSATIONS,
    MESSAGES,
    columns,
    quoted,
)

_ARRAYS = {
    "CharField": "text[]",
    "TextField": "text[]",
    "ForeignKey": "text[]",
    "BooleanField": "boolean[]",
    "DateTimeField": "timestamptz[]",
    "PositiveBigIntegerField": "bigint[]",
    "PositiveIntegerField": "integer[]",
    "JSONField": "jsonb[]",
}
"""The type of an array of a column's values, by the kind of the model's field."""


def _json_list(values: Sequence[str]) -> Jsonb:
    return Jsonb(list(values))


def _json_of(values: Mapping[str, Any]) -> Jsonb:
    return Jsonb(dict(values))


def _attachments(attachments: tuple[Attachment, ...]) -> Jsonb | None:
    return Jsonb(attachments_data(attachments)) if attachments else None


def _reactions(reactions: Mapping[str, ReactionSummary]) -> Jsonb | None:
    return Jsonb(reactions_data(reactions)) if reactions else None


_WRITTEN = Conversions(
    types={
        **rows.WRITTEN.types,
        tuple[str, ...]: _json_list,
        Mapping[str, int]: _json_of,
        tuple[Attachment, ...]: _attachments,
        Mapping[str, ReactionSummary]: _reactions,
    },
    enumeration=rows.WRITTEN.enumeration,
)
_KNOWN = ("known_revision", "known_commit_id")
_conversation = writer(
    Conversation,
    _WRITTEN,
    only=("id", *CONVERSATION_COLUMNS),
    computed=rows.COMPUTED,
    given=("revision", *_KNOWN),
)
_message = writer(Message, _WRITTEN, named="message_{}")

_CHANGED = (*CONVERSATION_COLUMNS, "revision")
_VALUES = ("id", *_CHANGED, *_KNOWN)
_MESSAGE_COLUMNS = tuple(columns(MessageRecord))
_MESSAGE_VALUES = tuple(f"message_{name}" for name in _MESSAGE_COLUMNS)


def _array(model: type[Model], column: str, name: str) -> str:
    return f"%({name})s::{_ARRAYS[columns(model)[column].get_internal_type()]}"


def _own(name: str) -> str:
    return quoted(ConversationRecord, name)


_UPDATE = (
    f"UPDATE {CONVERSATIONS}"  # noqa: S608  names of the models
    f" SET {', '.join(f'{_own(name)} = %({name})s' for name in _CHANGED)}"
    f" WHERE {_own('id')} = %(id)s"
    f" AND {_own('revision')} = %(known_revision)s"
    f" AND {_own('commit_id')} = %(known_commit_id)s"
)
_INTO = (
    f"INSERT INTO {MESSAGES}"
    f" ({', '.join(quoted(MessageRecord, name) for name in _MESSAGE_COLUMNS)})"
)
_ROWS = ", ".join(map(_array, repeat(MessageRecord), _MESSAGE_COLUMNS, _MESSAGE_VALUES))
_INSERT = f"{_INTO} SELECT * FROM unnest({_ROWS})"  # noqa: S608
_KNOWN_COLUMNS = (name.removeprefix("known_") for name in _KNOWN)
_STATES = ", ".join(
    map(_array, repeat(ConversationRecord), ("id", *_CHANGED, *_KNOWN_COLUMNS), _VALUES)
)
_TOGETHER = (
    f"WITH given AS (SELECT * FROM unnest({_STATES}) AS given ({', '.join(_VALUES)})),"  # noqa: S608
    # A row that another transaction has locked is left out, so that its commit delays no other.
    f" free AS (SELECT stored.{_own('id')} AS id FROM {CONVERSATIONS} stored JOIN given"
    f" ON stored.{_own('id')} = given.id"
    f" AND stored.{_own('revision')} = given.known_revision"
    f" AND stored.{_own('commit_id')} = given.known_commit_id"
    " FOR NO KEY UPDATE OF stored SKIP LOCKED),"
    f" changed AS (UPDATE {CONVERSATIONS} stored"
    f" SET {', '.join(f'{_own(name)} = given.{name}' for name in _CHANGED)}"
    f" FROM given JOIN free ON free.id = given.id WHERE stored.{_own('id')} = given.id"
    f" RETURNING stored.{_own('id')} AS id),"
    f" sent AS ({_INTO} SELECT message.* FROM unnest({_ROWS})"
    f" AS message ({', '.join(_MESSAGE_COLUMNS)})"
    " JOIN changed ON changed.id = message.conversation_id)"
    " SELECT id FROM changed"
)


def write(database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
    """Write a send in the present transaction. Raises Conflict."""
    at = now(database)
    after = committed(commit.after, commit.commit_id, at)
    with native_cursor(database) as cursor:
        # This comes first: from here on, the row is locked.
        cursor.execute(_UPDATE, _state(commit, after))
        if not cursor.rowcount:
            raise Conflict
        cursor.execute(_INSERT, _messages([commit], at))
    return after


def commit_together(
    database: BaseDatabaseWrapper, commits: Sequence[Commit]
) -> Sequence[Conversation | None]:
    """Commit sends of several conversations by one statement. A result is None, and nothing of the
    commit is written, if the conversation has changed or is locked; then the commit must be tried
    alone. Raises CommitUnknown if the answer is lost."""
    at = now(database)
    # The statement updates a row once: a second commit of one conversation must be tried alone.
    own = {commit.before.id: commit for commit in reversed(commits)}
    states = {id_: committed(commit.after, commit.commit_id, at) for id_, commit in own.items()}
    values = [_state(commit, states[id_]) for id_, commit in own.items()]
    arrays = {name: [value[name] for value in values] for name in _VALUES}
    try:
        with native_cursor(database) as cursor:
            cursor.execute(_TOGETHER, arrays | _messages(own.values(), at))
            done = {id_ for (id_,) in cursor.fetchall()}
    except Error as error:
        if lost(error) and not (took_too_long(error) or not_writable(error)):
            raise CommitUnknown from error
        raise
    return [
        states[commit.before.id]
        if commit.before.id in done and own[commit.before.id] is commit
        else None
        for commit in commits
    ]


def _state(commit: Commit, after: Conversation) -> dict[str, Any]:
    values: dict[str, Any] = _conversation(
        after,
        revision=after.token,
        known_revision=commit.before.token,
        known_commit_id=commit.before.commit_id,
    )
    return values


def _messages(commits: Iterable[Commit], at: datetime) -> dict[str, Any]:
    """Return the new messages of commits, as an array of each column."""
    created = [_message(stamped(message, at)) for commit in commits for message in commit.created]
    return {name: [values[name] for values in created] for name in _MESSAGE_VALUES}
