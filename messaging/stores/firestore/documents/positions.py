"""The document of a read position."""

from collections.abc import Mapping
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.fields.codec import reader, types_of
from messaging.domain.participant import OwnFlags, ReadPosition
from messaging.stores.firestore.client.requests import Database
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversions import READ, Fields
from messaging.stores.firestore.values import ABSENT

_FLAGS = tuple(types_of(OwnFlags))
_UNSET = OwnFlags()
_flags = reader(OwnFlags, READ, absent=ABSENT)


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
    """Return the fields of an added person, who starts to read here, without flags."""
    return {**moved_position(added), "joined_seq": added.read_seq}


def changed_flags(user_id: str, changes: Mapping[str, Any]) -> Fields:
    """Return the fields of a person who has changed some of their flags."""
    return {"user_id": user_id, **changes, "updated_at": COMMIT_TIME}


def decode_position(document: Any) -> ReadPosition:
    fields = document.fields
    return ReadPosition(
        user_id=id_of(document),
        read_seq=fields["read_seq"].integer_value,
        delivered_seq=fields["delivered_seq"].integer_value,
        flags=_flags(fields) if any(name in fields for name in _FLAGS) else _UNSET,
    )
