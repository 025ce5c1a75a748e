"""How far people have read and received their conversations, on Firestore."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from messaging.domain.participant import ReadPosition
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.errors import DocumentMissing
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction, Transactions
from messaging.stores.firestore.documents import conversation_id_of
from messaging.stores.firestore.documents.conversations import conversation_name
from messaging.stores.firestore.documents.positions import (
    changed_flags,
    decode_position,
    moved_position,
    position_name,
)
from messaging.stores.firestore.values import AtLeast, AtMost
from messaging.stores.positions import Advanced, ChangedPositions


async def list_all(connection: Connection, conversation_id: str) -> Sequence[ReadPosition]:
    found = await connection.query(
        "list_read_positions",
        conversation_name(connection.database, conversation_id),
        query("participants"),
    )
    return [decode_position(document) for document in found]


async def get(
    connection: Connection, user_id: str, conversation_ids: Sequence[str]
) -> Mapping[str, ReadPosition]:
    if not conversation_ids:
        return {}
    names = [
        position_name(connection.database, conversation_id, user_id)
        for conversation_id in conversation_ids
    ]
    found = await connection.get("get_read_positions", names)
    return {conversation_id_of(document): decode_position(document) for document in found}


async def list_changed(
    connection: Connection, user_id: str, *, since: datetime, limit: int
) -> ChangedPositions:
    found, read_at = await connection.dated_query(
        "list_changed_positions",
        connection.database.root,
        query(
            "participants",
            ("user_id", "==", user_id),
            ("updated_at", ">=", since),
            order_by=[("updated_at", "descending")],
            limit=limit,
            everywhere=True,
        ),
    )
    positions = {conversation_id_of(document): decode_position(document) for document in found}
    return ChangedPositions(positions=positions, read_at=read_at)


async def advance_read(
    connection: Connection,
    transactions: Transactions,
    conversation_id: str,
    user_id: str,
    seq: int,
) -> Advanced:
    document_name = position_name(connection.database, conversation_id, user_id)

    async def advance(transaction: Transaction) -> Advanced:
        document = await transaction.get(document_name)
        position = (
            decode_position(document) if document is not None else ReadPosition(user_id=user_id)
        )
        if position.read_seq >= seq:
            # If the answer to an attempt was lost, the next attempt finds the position already
            # stored.
            moved = transaction.repeated and position.read_seq == seq
            return Advanced(position=position, moved=moved)
        position = replace(position, read_seq=seq, delivered_seq=max(position.delivered_seq, seq))
        transaction.writes.merge(document_name, moved_position(position))
        return Advanced(position=position, moved=True)

    return await transactions.run("advance_read", document_name, advance)


async def advance_delivered(
    connection: Connection, conversation_id: str, user_id: str, seq: int
) -> None:
    writes = Writes(connection.database)
    writes.merge(
        position_name(connection.database, conversation_id, user_id),
        {"user_id": user_id, "delivered_seq": AtLeast(seq)},
    )
    await connection.write("advance_delivered", writes)


async def set_flags(
    connection: Connection, conversation_id: str, user_id: str, changes: Mapping[str, Any]
) -> None:
    writes = Writes(connection.database)
    name = position_name(connection.database, conversation_id, user_id)
    writes.merge(name, changed_flags(user_id, changes))
    await connection.write("set_flags", writes)


async def limit_position(
    connection: Connection, conversation_id: str, user_id: str, seq: int
) -> None:
    writes = Writes(connection.database)
    fields = {"read_seq": AtMost(seq), "delivered_seq": AtMost(seq)}
    writes.update(position_name(connection.database, conversation_id, user_id), fields, mask=[])
    with suppress(DocumentMissing):
        await connection.write("limit_position", writes)
