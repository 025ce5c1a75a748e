"""A message's document, and the copy of the latest message in its conversation's document."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar

from messaging.domain.change import COMMIT_TIME
from messaging.domain.fields.codec import default_of, reader, types_of, writer
from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.message import Message
from messaging.stores.firestore.client.requests import Database
from messaging.stores.firestore.documents.conversions import READ, WRITTEN, Fields
from messaging.stores.firestore.values import ABSENT

T = TypeVar("T")

_ALWAYS_WRITTEN = frozenset({"edited_at", "deleted_at", "created_version"})
"""Fields with a default that every document has."""


class MessageDocuments(Generic[T]):
    """Encodes and decodes messages of one dataclass; the document's name holds the ids."""

    def __init__(self, entity: type[T]) -> None:
        ids = ("id", "conversation_id")
        self.names = tuple(name for name in types_of(entity) if name not in ids)
        sparse = [
            field.name
            for field in fields(entity)  # type: ignore[arg-type]
            if default_of(field) is not MISSING and field.name not in _ALWAYS_WRITTEN
        ]
        self.encode = writer(entity, WRITTEN, without=ids, sparse=sparse)
        """Returns the fields of a message. A plain message does not pay for fields that it does not
        use."""
        self.decode = reader(entity, READ, given=ids, absent=ABSENT, sparse=sparse)
        """Returns the message of fields, its id and the conversation's."""


_MESSAGES = MessageDocuments(Message)
encode_message = _MESSAGES.encode


MESSAGE_FIELDS = _MESSAGES.names
"""The fields of a message's document that ordinary reads ask for: all but the earlier texts."""
_EARLIER = "earlier_texts"


def message_name(database: Database, conversation_id: str, message_id: str) -> str:
    """Return the name of a message's document."""
    return database.document("conversations", conversation_id, "messages", message_id)


def decode_message(document: Any) -> Message:
    _, conversation_id, _, id_ = document.name.rsplit("/", 3)
    return _MESSAGES.decode(document.fields, id_, conversation_id)


def decode_earlier(document: Any) -> EarlierTexts:
    fields = document.fields
    return EarlierTexts(fields[_EARLIER].string_value if _EARLIER in fields else "")


def full_message(message: Message, earlier: EarlierTexts) -> Fields:
    """Return the fields of a message that is not stored yet, with its earlier texts."""
    encoded: Fields = encode_message(message)
    if earlier:
        encoded[_EARLIER] = earlier.encoded
    return encoded


def changed_message(message: Message, earlier: EarlierTexts | None) -> tuple[Fields, Sequence[str]]:
    """Return the fields of a message, and the mask that replaces them. Fields outside the mask stay
    unchanged, as the earlier texts do if they are None."""
    encoded = encode_message(message)
    # A field that the server sets is not in the mask.
    mask = [name for name in _MESSAGES.names if encoded.get(name) is not COMMIT_TIME]
    if earlier is not None:
        mask.append(_EARLIER)
        if earlier:
            encoded[_EARLIER] = earlier.encoded
    return encoded, mask


def encode_last_message(last: Message) -> Fields:
    return {"id": last.id, **encode_message(last)}


def decode_last_message(conversation_id: str, value: Any) -> Message | None:
    if not value.HasField("map_value"):
        return None
    fields = value.map_value.fields
    return _MESSAGES.decode(fields, fields["id"].string_value, conversation_id)
