"""Reactions on Cloud Firestore: one document for each person who reacted to a message."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from messaging.domain.message import PersonReactions, ReactionKey
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Database, Writes, query
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.messages import message_name
from messaging.stores.firestore.values import Reference, read_texts

_REMOVED_AT_ONCE = 300
_QUERIES_AT_ONCE = 16


def put_reactions(
    writes: Writes, database: Database, conversation_id: str, own: PersonReactions
) -> None:
    """Add the write of one person's reactions to a commit."""
    name = _name(database, conversation_id, own.message_id, own.user_id)
    if own.emojis:
        writes.set(name, {"user_id": own.user_id, "emojis": list(own.emojis)})
    else:
        writes.delete(name)


class FirestoreReactionStore:
    """Implements `messaging.stores.reactions.ReactionStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._database = connection.database

    async def get_reactions(
        self, conversation_id: str, keys: Collection[ReactionKey]
    ) -> Mapping[ReactionKey, tuple[str, ...]]:
        if not keys:
            return {}
        names = [_name(self._database, conversation_id, *key) for key in keys]
        found = await self._connection.get("get_reactions", names, only=["emojis"])
        return {_key(document): tuple(read_texts(document.fields["emojis"])) for document in found}

    async def list_reactions(
        self, conversation_id: str, message_id: str, emoji: str, *, after: str = "", limit: int
    ) -> Sequence[str]:
        last = _name(self._database, conversation_id, message_id, after) if after else None
        found = await self._connection.query(
            "list_reactions",
            message_name(self._database, conversation_id, message_id),
            query(
                "reactions",
                ("emojis", "contains", emoji),
                order_by=[("__name__", "ascending")],
                start_after=() if last is None else (Reference(last),),
                limit=limit,
            ),
        )
        return [id_of(document) for document in found]

    async def list_messages_with_reactions(
        self, conversation_id: str, message_ids: Collection[str]
    ) -> Collection[str]:
        places = asyncio.Semaphore(_QUERIES_AT_ONCE)

        async def has_reactions(message_id: str) -> bool:
            async with places:
                found = await self._connection.query(
                    "list_messages_with_reactions",
                    message_name(self._database, conversation_id, message_id),
                    query("reactions", limit=1, only=["__name__"]),
                )
            return bool(found)

        ids = list(message_ids)
        found = await asyncio.gather(*map(has_reactions, ids))
        return [id_ for id_, has in zip(ids, found, strict=True) if has]

    async def remove_reactions(self, conversation_id: str, message_id: str) -> None:
        parent = message_name(self._database, conversation_id, message_id)
        while True:
            found = await self._connection.query(
                "remove_reactions",
                parent,
                query("reactions", limit=_REMOVED_AT_ONCE, only=["__name__"]),
            )
            if found:
                writes = Writes(self._database)
                for document in found:
                    writes.delete(document.name)
                await self._connection.write("remove_reactions", writes)
            if len(found) < _REMOVED_AT_ONCE:
                return


def _name(database: Database, conversation_id: str, message_id: str, user_id: str) -> str:
    return database.document(
        "conversations", conversation_id, "messages", message_id, "reactions", user_id
    )


def _key(document: Any) -> ReactionKey:
    _, message_id, _, user_id = document.name.rsplit("/", 3)
    return message_id, user_id
