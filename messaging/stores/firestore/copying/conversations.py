"""Writes the conversations of a copy, to Cloud Firestore: each part in one commit."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import PersonReactions
from messaging.exchange.records import FullMessage
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.copying import Part
from messaging.stores.firestore.attachments.documents import attachment_name, encode_attachment
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import conversation_name, new_conversation
from messaging.stores.firestore.documents.messages import full_message, message_name
from messaging.stores.firestore.reactions import put_reactions

_QUERIES_AT_ONCE = 16


async def write_part(connection: Connection, part: Part) -> None:
    database, id_ = connection.database, part.conversation_id
    writes = Writes(database)
    _put_conversation(writes, conversation_name(database, id_), part)
    known = [full for full in part.messages if full.message.id in part.known]
    for gone in await _gone_reactions(connection, id_, known):
        put_reactions(writes, database, id_, gone)
    for full in part.messages:
        message = full.message
        writes.set(message_name(database, id_, message.id), full_message(message, full.earlier))
        for own in full.reactions:
            put_reactions(writes, database, id_, own)
        for file in full.files:
            writes.set(attachment_name(database, file.id), encode_attachment(file))
    try:
        await connection.commit("write_part", writes)
    except AlreadyExists as error:
        raise Conflict from error
    except CommitUnknown as error:
        raise StoreUnavailable from error


def _put_conversation(writes: Writes, name: str, part: Part) -> None:
    """Add the write of the conversation, with the precondition of the part."""
    if part.after is not None:
        fields = {**new_conversation(part.after), "updated_at": part.after.updated_at}
    else:
        assert part.before is not None
        fields = {"commit_id": part.before.commit_id}  # unchanged, which changes no token
    if part.before is None:
        writes.create(name, fields)
    else:
        writes.update(name, fields, list(fields), token=cast("int", part.before.token))


async def _gone_reactions(
    connection: Connection, conversation_id: str, messages: Sequence[FullMessage]
) -> list[PersonReactions]:
    """Return the stored reactions, emptied, of everyone who has no reaction to the message any
    more."""
    if not messages:
        return []
    database = connection.database
    present = {full.message.id: {one.user_id for one in full.reactions} for full in messages}
    names = [message_name(database, conversation_id, id_) for id_ in present]
    stored = await connection.get("write_part", names, only=["reactions"])
    places = asyncio.Semaphore(_QUERIES_AT_ONCE)

    async def find(document: Any) -> list[PersonReactions]:
        async with places:
            found = await connection.query(
                "write_part", document.name, query("reactions", only=["__name__"])
            )
        id_ = id_of(document)
        return [
            PersonReactions(message_id=id_, user_id=user_id, emojis=())
            for user_id in map(id_of, found)
            if user_id not in present[id_]
        ]

    reacted = [one for one in stored if one.fields["reactions"].map_value.fields]
    return [one for found in await asyncio.gather(*map(find, reacted)) for one in found]
