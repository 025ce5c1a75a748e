"""Whole conversations from SQL: the row, its people and its latest message in one statement.

One statement sees the database at one moment, so no commit can separate a conversation from its
people. It takes one round trip; three queries in a transaction would take six.
"""

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, QuerySet, TextField
from django.db.models.expressions import RawSQL

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Role
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql import rows

_MESSAGE_FIELDS = [
    field for field in MessageRecord._meta.concrete_fields if field.name != rows.EARLIER_TEXTS
]
_JSON_COLUMN = {"sqlite": "json(m.{})", "postgresql": "m.{}"}
"""SQLite stores JSON as text."""
_FUNCTIONS = {
    "sqlite": {"group": "json_group_array", "array": "json_array", "object": "json_object"},
    "postgresql": {"group": "json_agg", "array": "json_build_array", "object": "json_build_object"},
}
_PEOPLE = """(
    SELECT CAST({group}(
        {array}(p.position, p.user_id, p.role, p.joined_version, p.visible_from)
    ) AS text)
    FROM messaging_participant p WHERE p.conversation_id = messaging_conversation.id
)"""
_LAST_MESSAGE = """(
    SELECT CAST({object}({fields}) AS text) FROM messaging_message m
    WHERE m.conversation_id = messaging_conversation.id AND m.seq = messaging_conversation.seq
)"""


def conversations(
    database: BaseDatabaseWrapper, records: QuerySet[ConversationRecord]
) -> list[Conversation]:
    """Return the conversations whose rows the query finds, in its order.

    The database may read people and messages before it sorts. So put a limit into a query of the
    ids, see `limited`.
    """
    vendor = database.vendor
    whole = records.annotate(people=_text(people_sql(vendor)), last=_text(last_message_sql(vendor)))
    return [
        rows.conversation(one, read_people(one.people), read_message(one.last)) for one in whole
    ]


def people_sql(vendor: str) -> str:
    """Return the expression for the people of a row of `messaging_conversation`, as JSON."""
    return _PEOPLE.format(**_FUNCTIONS[vendor])


def last_message_sql(vendor: str) -> str:
    """Return the expression for the latest message of a row of `messaging_conversation`."""
    fields = ", ".join(
        f"'{one.attname}', "
        + (_JSON_COLUMN[vendor] if isinstance(one, JSONField) else "m.{}").format(one.column)
        for one in _MESSAGE_FIELDS
    )
    return _LAST_MESSAGE.format(**_FUNCTIONS[vendor], fields=fields)


def limited(
    records: QuerySet[ConversationRecord], *, order_by: Sequence[str], limit: int
) -> QuerySet[ConversationRecord]:
    """Return the first rows of a query."""
    ids = records.order_by(*order_by).values("id")[:limit]
    return ConversationRecord.objects.using(records.db).filter(id__in=ids).order_by(*order_by)


def _text(sql: str) -> RawSQL:
    return RawSQL(sql, [], output_field=TextField())  # noqa: S611  nothing of a request is in it


def read_people(found: str | None) -> dict[str, Participant]:
    """Return the people in the order in which they were added."""
    listed: Iterable[Any] = json.loads(found or "[]")
    return {
        user_id: Participant(
            user_id=user_id,
            role=member_of(Role, role),
            joined_version=joined_version,
            visible_from=visible_from,
        )
        for _, user_id, role, joined_version, visible_from in sorted(listed, key=itemgetter(0))
    }


def read_message(found: str | None) -> Message | None:
    return None if found is None else rows.message_of_json(json.loads(found))
