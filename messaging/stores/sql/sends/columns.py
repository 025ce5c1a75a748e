"""The columns that a send writes, and the names that statements give them.

Names come from the models, so a migration cannot drift from the statements.
"""

from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter, is_
from typing import Any

from django.db import models

from messaging.domain.conversation import Conversation
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.conversations import Commit
from messaging.stores.sql.rows import EARLIER_TEXTS

CONVERSATION_COLUMNS = (
    "seq",
    "version",
    "active_at",
    "updated_at",
    "sent_seq",
    "mentioned_seq",
    "last_sender_id",
    "other_seq",
    "commit_id",
    "participant_count",
    "counted_commit_id",
)
"""The columns of the conversation's row, beside `revision`, that a send may change. The others keep
their values: the commit is refused if the row has changed since it was read."""
_CHANGED = {
    *("seq", "version", "active_at", "updated_at", "sent_seq", "commit_id"),
    *("mentioned_seq", "last_sender_id", "other_seq"),
}
_ELSEWHERE = {"last_message", "token"}
_kept = attrgetter(
    *(
        field.name
        for field in fields(Conversation)
        if field.name not in _CHANGED and field.name not in _ELSEWHERE
    )
)

CONVERSATIONS = f'"{ConversationRecord._meta.db_table}"'
MESSAGES = f'"{MessageRecord._meta.db_table}"'


def is_send(commit: Commit) -> bool:
    """Return whether a commit only creates messages. A change copies the values that it keeps, so
    these are the same objects."""
    others = (
        *(commit.replaced, commit.positions, commit.attached),
        *(commit.released, commit.reactions, commit.earlier),
    )
    if not commit.created or any(others):
        return False
    return all(map(is_, _kept(commit.before), _kept(commit.after)))


def columns(model: type[models.Model]) -> Mapping[str, "models.Field[Any, Any]"]:
    """Return the columns of a table by the names of an entity's fields, in the model's order. A new
    message has no earlier texts."""
    return {
        field.attname: field
        for field in model._meta.concrete_fields
        if field.attname != EARLIER_TEXTS
    }


def quoted(model: type[models.Model], name: str) -> str:
    """Return a column's name for a statement."""
    return f'"{columns(model)[name].column}"'
