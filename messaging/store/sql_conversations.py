"""Whole conversations from SQL: the row, its people and its latest message in one statement.

One statement sees the database at one moment, so that no commit can tear a conversation apart
from its people; and it is one round trip, where several in a transaction would be six.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from messaging.entities import Conversation, Message, Participant, Role
from messaging.models import ConversationRecord
from messaging.store import sql_rows as rows

_PEOPLE = """(
    SELECT CAST({group}({array}(p.position, p.user_id, p.role, p.joined_version)) AS text)
    FROM messaging_participant p WHERE p.conversation_id = messaging_conversation.id
)"""
_LAST_MESSAGE = """(
    SELECT CAST({array}(
        m.id, m.seq, m.version, m.sender_id, m.client_id, m.text, m.reply_to, {mentions},
        m.created_at, m.edited_at, m.deleted_at, m.content_hash
    ) AS text)
    FROM messaging_message m
    WHERE m.conversation_id = messaging_conversation.id AND m.seq = messaging_conversation.seq
)"""
_WORDS = {
    "sqlite": {
        "group": "json_group_array",
        "array": "json_array",
        "mentions": "json(m.mentions)",  # else it is a text like others
    },
    "postgresql": {
        "group": "json_agg",
        "array": "json_build_array",
        "mentions": "m.mentions",
    },
}


def conversations(
    database: BaseDatabaseWrapper, records: QuerySet[ConversationRecord]
) -> list[Conversation]:
    """Those whose rows the query finds, in its order.

    The database may look up people and messages before it sorts: a limit belongs into a query of
    the ids, see `limited`.
    """
    words = _WORDS[database.vendor]
    whole = records.annotate(
        people=_text(_PEOPLE.format(**words)), last=_text(_LAST_MESSAGE.format(**words))
    )
    return [
        rows.conversation(one, _people(one.people), _message(one.id, one.last)) for one in whole
    ]


def limited(
    records: QuerySet[ConversationRecord], *, order_by: Sequence[str], limit: int
) -> QuerySet[ConversationRecord]:
    """The first of a query."""
    ids = records.order_by(*order_by).values("id")[:limit]
    return ConversationRecord.objects.using(records.db).filter(id__in=ids).order_by(*order_by)


def _text(sql: str) -> RawSQL:
    return RawSQL(sql, [], output_field=TextField())  # noqa: S611  nothing of a request is in it


def _people(found: str | None) -> dict[str, Participant]:
    """In the order in which they were added."""
    listed: Iterable[Any] = json.loads(found or "[]")
    return {
        user_id: Participant(user_id=user_id, role=Role(role), joined_version=joined_version)
        for _, user_id, role, joined_version in sorted(listed, key=itemgetter(0))
    }


def _message(conversation_id: str, found: str | None) -> Message | None:
    if found is None:
        return None
    (
        id_,
        seq,
        version,
        sender_id,
        client_id,
        text,
        reply_to,
        mentions,
        created_at,
        edited_at,
        deleted_at,
        content_hash,
    ) = json.loads(found)
    return Message(
        id=id_,
        conversation_id=conversation_id,
        seq=seq,
        version=version,
        sender_id=sender_id,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        mentions=tuple(mentions),
        created_at=_time(created_at),
        edited_at=edited_at and _time(edited_at),
        deleted_at=deleted_at and _time(deleted_at),
        content_hash=content_hash,
    )


def _time(text: str) -> datetime:
    """SQLite keeps times in UTC and without a zone; PostgreSQL tells them in the connection's
    zone, which Django sets to UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
