"""The rows of many messages at once. The ORM takes several times as long."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.fields.codec import Conversions, types_of, writer
from messaging.domain.fields.plain import attachments_data, reactions_data
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.exchange.records import FullMessage
from messaging.models import MessageRecord
from messaging.stores.sql import rows
from messaging.stores.sql.connections.clock import sqlite_time
from messaging.stores.sql.connections.inserts import insert_rows

_NAMES = tuple(types_of(Message))


def _attachments(attachments: tuple[Attachment, ...]) -> str | None:
    return json.dumps(attachments_data(attachments)) if attachments else None


def _reactions(reactions: Mapping[str, ReactionSummary]) -> str | None:
    return json.dumps(reactions_data(reactions)) if reactions else None


def _writer(at: Any) -> Any:
    conversions = Conversions(
        types={
            **rows.WRITTEN.types,
            datetime: at,
            tuple[str, ...]: json.dumps,
            tuple[Attachment, ...]: _attachments,
            Mapping[str, ReactionSummary]: _reactions,
        },
        enumeration=rows.WRITTEN.enumeration,
    )
    return writer(Message, conversions)


_WRITERS = {"sqlite": _writer(sqlite_time), "postgresql": _writer(None)}


def insert_messages(
    database: BaseDatabaseWrapper, messages: Sequence[FullMessage], *, replace: bool = False
) -> None:
    """Insert messages with their earlier texts, or replace those that exist. Raises
    IntegrityError."""
    values = _WRITERS[database.vendor]
    found = [(*values(full.message).values(), full.earlier.encoded or None) for full in messages]
    key = ("id",) if replace else ()
    insert_rows(database, MessageRecord, (*_NAMES, rows.EARLIER_TEXTS), found, key=key)
