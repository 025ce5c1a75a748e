"""Rows and documents hold every field of a conversation, new ones included."""

from dataclasses import fields
from typing import Any

from google.cloud.firestore_v1 import types

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.models import ConversationRecord
from messaging.stores.firestore.documents.conversations import (
    decode_conversation,
    new_conversation,
)
from messaging.stores.firestore.values import write_fields, write_token, write_value
from messaging.stores.sql import rows
from tests.unit.messaging.commits.test_fields import CONVERSATION


def values_of(conversation: Conversation) -> dict[str, Any]:
    """Also those that a comparison leaves out."""
    return {one.name: getattr(conversation, one.name) for one in fields(conversation)}


def test_a_row_holds_every_field() -> None:
    """Except `counted`, which is Firestore's alone."""
    columns = rows.conversation_columns(CONVERSATION)
    record = ConversationRecord(id=CONVERSATION.id, revision=42_000, **columns)

    found = rows.conversation(record, CONVERSATION.participants, CONVERSATION.last_message)

    assert values_of(found) == values_of(CONVERSATION) | {"counted": False}


def test_a_document_holds_every_field() -> None:
    document = types.Document.pb(types.Document())
    document.name = f"projects/p/databases/d/documents/conversations/{CONVERSATION.id}"
    stored = new_conversation(CONVERSATION)
    assert write_fields(document.fields, stored) == [("updated_at", COMMIT_TIME)]
    write_value(document.fields["updated_at"], CONVERSATION.updated_at)
    write_token(document.update_time, 42_000)

    assert values_of(decode_conversation(document)) == values_of(CONVERSATION)
