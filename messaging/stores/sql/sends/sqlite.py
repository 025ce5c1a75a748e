"""The statements of a send on SQLite."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import Conversions, writer
from messaging.domain.fields.plain import attachments_data, reactions_data
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.conversations import Commit, Conflict
from messaging.stores.shared.commit_time import stamped
from messaging.stores.sql import rows
from messaging.stores.sql.connections.clock import now, sqlite_time
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.connections.errors import lost
from messaging.stores.sql.connections.transactions import committing
from messaging.stores.sql.damage.damage_errors import damage_or
from messaging.stores.sql.revisions import committed
from messaging.stores.sql.sends.columns import (
    CONVERSATION_COLUMNS,
    CONVERSATIONS,
    MESSAGES,
    columns,
    quoted,
)

_SAVEPOINT = "one_commit"


def _json_of(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values))


def _attachments(attachments: tuple[Attachment, ...]) -> str | None:
    return json.dumps(attachments_data(attachments)) if attachments else None


def _reactions(reactions: Mapping[str, ReactionSummary]) -> str | None:
    return json.dumps(reactions_data(reactions)) if reactions else None


_WRITTEN = Conversions(
    types={
        **rows.WRITTEN.types,
        datetime: sqlite_time,
        tuple[str, ...]: json.dumps,
        Mapping[str, int]: _json_of,
        tuple[Attachment, ...]: _attachments,
        Mapping[str, ReactionSummary]: _reactions,
    },
    enumeration=rows.WRITTEN.enumeration,
)
_conversation = writer(
    Conversation,
    _WRITTEN,
    only=("id", *CONVERSATION_COLUMNS),
    computed=rows.COMPUTED,
    given=("revision", "known_revision", "known_commit_id"),
)
_message = writer(Message, _WRITTEN)


def _equals(name: str) -> str:
    return f"{quoted(ConversationRecord, name)} = :{name}"


_UPDATE = (
    f"UPDATE {CONVERSATIONS} SET {', '.join(map(_equals, (*CONVERSATION_COLUMNS, 'revision')))}"  # noqa: S608  names of the models
    f" WHERE {_equals('id')} AND {quoted(ConversationRecord, 'revision')} = :known_revision"
    f" AND {quoted(ConversationRecord, 'commit_id')} = :known_commit_id"
)
_INSERT = (
    f"INSERT INTO {MESSAGES}"  # noqa: S608  names of the models
    f" ({', '.join(quoted(MessageRecord, name) for name in columns(MessageRecord))})"
    f" VALUES ({', '.join(f':{name}' for name in columns(MessageRecord))})"
)


def write(database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
    """Write a send in the present transaction. Raises Conflict."""
    with native_cursor(database) as cursor:
        return _write(cursor, commit, now(database))


def commit_together(
    database: BaseDatabaseWrapper, commits: Sequence[Commit]
) -> Sequence[Conversation | Exception]:
    """Commit sends of several conversations in one transaction, which is synced to the disk once. A
    refused commit writes nothing, and its error takes the place of its result."""
    with committing(database), native_cursor(database) as cursor:
        at = now(database)
        return [_write_alone(cursor, commit, at) for commit in commits]


def _write_alone(cursor: CursorWrapper, commit: Commit, at: datetime) -> Conversation | Exception:
    cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
    outcome: Conversation | Exception
    try:
        outcome = _write(cursor, commit, at)
    except Exception as error:
        if isinstance(error, Error) and lost(error):
            raise
        cursor.execute(f"ROLLBACK TO {_SAVEPOINT}")
        outcome = damage_or(error)
    cursor.execute(f"RELEASE {_SAVEPOINT}")
    return outcome


def _write(cursor: CursorWrapper, commit: Commit, at: datetime) -> Conversation:
    after = committed(commit.after, commit.commit_id, at)
    values = _conversation(
        after,
        revision=after.token,
        known_revision=commit.before.token,
        known_commit_id=commit.before.commit_id,
    )
    # This comes first: from here on, the row is locked.
    cursor.execute(_UPDATE, values)
    if not cursor.rowcount:
        raise Conflict
    messages = [_message(stamped(message, at)) for message in commit.created]
    if len(messages) == 1:
        cursor.execute(_INSERT, messages[0])
    else:
        cursor.executemany(_INSERT, messages)
    return after
