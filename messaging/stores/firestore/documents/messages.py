"""A message's document, and the copy of the latest message in its conversation's document."""

from typing import Any, Generic, TypeVar

from messaging.domain.fields.codec import reader, writer
from messaging.domain.message import Message
from messaging.stores.firestore.client.requests import Database
from messaging.stores.firestore.documents.conversions import READ, WRITTEN, Fields
from messaging.stores.firestore.values import ABSENT

T = TypeVar("T")


class MessageDocuments(Generic[T]):
    """Encodes and decodes messages of one dataclass; the document's name holds the ids."""

    def __init__(self, entity: type[T]) -> None:
        ids = ("id", "conversation_id")
        self.encode = writer(entity, WRITTEN, without=ids)
        """Returns the fields of a message."""
        self.decode = reader(entity, READ, given=ids, absent=ABSENT)
        """Returns the message of fields, its id and the conversation's."""


_MESSAGES = MessageDocuments(Message)
encode_message = _MESSAGES.encode


def message_name(database: Database, conversation_id: str, message_id: str) -> str:
    """Return the name of a message's document."""
    return database.document("conversations", conversation_id, "messages", message_id)


def decode_message(document: Any) -> Message:
    _, conversation_id, _, id_ = document.name.rsplit("/", 3)
    return _MESSAGES.decode(document.fields, id_, conversation_id)


def encode_last_message(last: Message) -> Fields:
    return {"id": last.id, **encode_message(last)}


def decode_last_message(conversation_id: str, value: Any) -> Message | None:
    if not value.HasField("map_value"):
        return None
    fields = value.map_value.fields
    return _MESSAGES.decode(fields, fields["id"].string_value, conversation_id)
