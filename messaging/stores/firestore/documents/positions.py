"""The document of a read position."""

from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.participant import ReadPosition
from messaging.stores.firestore.client.requests import Database
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversions import Fields


def position_name(database: Database, conversation_id: str, user_id: str) -> str:
    """Return the name of a position's document."""
    return database.document("conversations", conversation_id, "participants", user_id)


def moved_position(moved: ReadPosition) -> Fields:
    """Return the fields of a person who has read further."""
    return {
        "user_id": moved.user_id,
        "read_seq": moved.read_seq,
        "delivered_seq": moved.delivered_seq,
        "updated_at": COMMIT_TIME,
    }


def new_position(added: ReadPosition) -> Fields:
    """Return the fields of an added person, who starts to read here."""
    return {**moved_position(added), "joined_seq": added.read_seq}


def decode_position(document: Any) -> ReadPosition:
    fields = document.fields
    return ReadPosition(
        user_id=id_of(document),
        read_seq=fields["read_seq"].integer_value,
        delivered_seq=fields["delivered_seq"].integer_value,
    )
