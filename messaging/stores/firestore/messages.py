"""The messages of a conversation from Firestore."""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.domain.fields.earlier_texts import EditedMessages
from messaging.domain.message import Message
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import query
from messaging.stores.firestore.documents import conversation_id_of
from messaging.stores.firestore.documents.conversations import conversation_name
from messaging.stores.firestore.documents.messages import (
    MESSAGE_FIELDS,
    decode_earlier,
    decode_message,
    message_name,
)
from messaging.stores.firestore.documents.readable import decode_readable


async def get(
    connection: Connection, conversation_id: str, message_ids: Sequence[str]
) -> Mapping[str, Message]:
    found = await _read(connection, _names(connection, conversation_id, message_ids))
    return {message.id: message for message in map(decode_message, found)}


async def get_of(
    connection: Connection, wanted: Mapping[str, Sequence[str]]
) -> Mapping[str, Message]:
    names = [
        name
        for conversation_id, message_ids in wanted.items()
        for name in _names(connection, conversation_id, message_ids)
    ]
    found = await _read(connection, names)
    messages, _ = decode_readable(found, decode_message, name=conversation_id_of)
    return {message.id: message for message in messages}


async def _read(connection: Connection, names: Sequence[str]) -> Sequence[Any]:
    if not names:
        return []
    return await connection.get("get_messages", names, only=MESSAGE_FIELDS)


async def get_edited(
    connection: Connection, conversation_id: str, message_ids: Sequence[str]
) -> EditedMessages:
    names = _names(connection, conversation_id, message_ids)
    found = await connection.get("get_edited", names) if names else []
    messages = [(decode_message(document), decode_earlier(document)) for document in found]
    return {message.id: (message, earlier) for message, earlier in messages}


def _names(
    connection: Connection, conversation_id: str, message_ids: Sequence[str]
) -> Sequence[str]:
    return [
        message_name(connection.database, conversation_id, message_id) for message_id in message_ids
    ]


async def list_range(
    connection: Connection, conversation_id: str, *, first_seq: int, last_seq: int
) -> Sequence[Message]:
    found = await connection.query(
        "list_messages",
        conversation_name(connection.database, conversation_id),
        query(
            "messages",
            ("seq", ">=", first_seq),
            ("seq", "<=", last_seq),
            order_by=[("seq", "ascending")],
            only=MESSAGE_FIELDS,
        ),
    )
    return [decode_message(document) for document in found]


async def list_latest(
    connection: Connection, conversation_id: str, *, limit: int
) -> Sequence[Message]:
    found = await connection.query(
        "list_latest_messages",
        conversation_name(connection.database, conversation_id),
        query("messages", order_by=[("seq", "descending")], limit=limit, only=MESSAGE_FIELDS),
    )
    return [decode_message(document) for document in reversed(found)]


async def list_pinned(
    connection: Connection, conversation_id: str, *, limit: int
) -> Sequence[Message]:
    found = await connection.query(
        "list_pinned_messages",
        conversation_name(connection.database, conversation_id),
        query("messages", order_by=[("pinned_at", "descending")], limit=limit, only=MESSAGE_FIELDS),
    )
    return [decode_message(document) for document in found]


async def list_changed(
    connection: Connection, conversation_id: str, *, since: int, until: int, limit: int
) -> Sequence[Message]:
    found = await connection.query(
        "list_changed_messages",
        conversation_name(connection.database, conversation_id),
        query(
            "messages",
            ("version", ">", since),
            ("version", "<=", until),
            order_by=[("version", "ascending")],
            limit=limit,
            only=MESSAGE_FIELDS,
        ),
    )
    return [decode_message(document) for document in found]


async def count_changed(
    connection: Connection, conversation_id: str, *, since: int, up_to: int
) -> int:
    return await connection.count(
        "count_changed_messages",
        conversation_name(connection.database, conversation_id),
        query("messages", ("version", ">", since), limit=up_to),
    )
