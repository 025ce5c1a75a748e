"""The catalogue on Cloud Firestore."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from messaging.domain.conversation import Conversation
from messaging.domain.people import Access
from messaging.stores.catalogue import FailedNotification, Place
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.decisions import read_people
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import (
    SHARDS,
    conversation_name,
    decode_conversation,
)
from messaging.stores.firestore.documents.conversions import read_moment
from messaging.stores.firestore.documents.readable import decode_readable
from messaging.stores.firestore.people import read_access
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import Reference, plain_time

_QUERIES_AT_ONCE = 4
"""Less than the failures that open the circuit breaker, in case all of them meet one lost
connection."""


class FirestoreCatalogue:
    """Implements `messaging.stores.catalogue.Catalogue` on the connection of the Firestore
    store."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._database = store.connection.database
        self._reactions = store.reactions

    async def list_conversations(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[Conversation]:
        """Merge the shards: a few conversations are read from each, and more from those whose
        conversations are all on the page."""
        places = asyncio.Semaphore(_QUERIES_AT_ONCE)
        shards = [_Shard(number, after) for number in range(SHARDS)]
        short = shards

        async def read(shard: _Shard) -> None:
            async with places:
                shard.take(await self._read_shard(shard, _at_once(limit)), _at_once(limit))

        while short:
            await asyncio.gather(*map(read, short))
            found = sorted((one for shard in shards for one in shard.found), key=_place)
            page = found[::-1][:limit]
            last = _place(page[-1]) if len(page) == limit else None
            short = [shard for shard in shards if shard.may_follow(last)]
        return page

    async def list_frozen(self, *, limit: int, after: str = "") -> Sequence[Conversation]:
        page: list[Conversation] = []
        while True:
            rest = limit - len(page)
            last = [Reference(conversation_name(self._database, after))] if after else []
            found = await self._query(
                "list_frozen",
                query(
                    "conversations",
                    ("frozen", "==", True),
                    order_by=[("__name__", "ascending")],
                    start_after=last,
                    limit=rest,
                ),
            )
            page += decode_readable(found, decode_conversation)[0]
            if len(found) < rest or len(page) == limit:
                return page
            after = id_of(found[-1])

    async def list_people(self, *, limit: int, after: str = "") -> Sequence[Access]:
        last = [Reference(self._user(after))] if after else []
        found = await self._query(
            "list_people",
            query("users", order_by=[("__name__", "ascending")], start_after=last, limit=limit),
        )
        return [read_access(document) for document in found]

    async def list_banned(self, *, limit: int, after: Place | None = None) -> Sequence[Access]:
        found = await self._query(
            "list_banned",
            query(
                "users",
                ("banned_until", ">", datetime.now(UTC)),
                order_by=[("banned_until", "ascending"), ("__name__", "ascending")],
                start_after=() if after is None else (after[0], Reference(self._user(after[1]))),
                limit=limit,
            ),
        )
        return [read_access(document) for document in found]

    async def list_failed(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[FailedNotification]:
        last: tuple[object, ...] = ()
        if after is not None:
            failed_at, id_ = after
            last = (failed_at, Reference(self._decision(*id_.split("."))))
        found = await self._query(
            "list_failed",
            query(
                "decisions",
                order_by=[("failed_at", "descending"), ("__name__", "descending")],
                start_after=last,
                limit=limit,
                everywhere=True,
            ),
        )
        return [_failed(document) for document in found]

    async def delete_messages(
        self, conversation_id: str, *, limit: int, decided_since: datetime | None = None
    ) -> int:
        parent = conversation_name(self._database, conversation_id)
        for collection in ("messages", "participants"):
            found = await self._connection.query(
                "delete_messages",
                parent,
                query(collection, limit=limit, only=["reactions", "created_at"]),
            )
            if found:
                if collection == "messages" and decided_since is not None:
                    await self._delete_decisions(found, decided_since)
                writes = Writes(self._database)
                for document in found:
                    if document.fields["reactions"].map_value.fields:
                        # Documents below a deleted document stay.
                        await self._reactions.remove_reactions(conversation_id, id_of(document))
                    writes.delete(document.name)
                await self._connection.write("delete_messages", writes)
                return len(found)
        return 0

    async def _delete_decisions(self, messages: Sequence[Any], since: datetime) -> None:
        """Delete the decisions of those of these messages that are not older."""
        places = asyncio.Semaphore(_QUERIES_AT_ONCE)

        async def list_(message: str) -> list[Any]:
            async with places:
                decisions = query("decisions", only=["__name__"])
                return await self._connection.query("delete_decisions", message, decisions)

        recent = [one.name for one in messages if _created_at(one) >= since]
        for found in await asyncio.gather(*map(list_, recent)):
            if found:
                writes = Writes(self._database)
                for document in found:
                    writes.delete(document.name)
                await self._connection.write("delete_decisions", writes)

    async def _read_shard(self, shard: "_Shard", limit: int) -> list[Any]:
        last: tuple[object, ...] = ()
        if shard.after is not None:
            updated_at, id_ = shard.after
            last = (updated_at, Reference(conversation_name(self._database, id_)))
        return await self._query(
            "list_conversations",
            query(
                "conversations",
                ("shard", "==", shard.number),
                order_by=[("updated_at", "descending"), ("__name__", "descending")],
                start_after=last,
                limit=limit,
            ),
        )

    async def _query(self, operation: str, structured: Any) -> list[Any]:
        return await self._connection.query(operation, self._database.root, structured)

    def _user(self, user_id: str) -> str:
        return self._database.document("users", user_id)

    def _decision(self, conversation_id: str, message_id: str, chunk: str) -> str:
        return self._database.document(
            *("conversations", conversation_id, "messages", message_id), *("decisions", chunk)
        )


def _created_at(message: Any) -> datetime:
    return plain_time(message.fields["created_at"].timestamp_value)


@dataclass(slots=True)
class _Shard:
    """The progress of reading a shard."""

    number: int
    after: Place | None
    found: list[Conversation] = field(default_factory=list)
    more: bool = True

    def take(self, page: Sequence[Any], wanted: int) -> None:
        """Add a page of documents."""
        self.found += decode_readable(page, decode_conversation)[0]
        self.more = len(page) == wanted
        if page:
            self.after = read_moment(page[-1].fields["updated_at"]), id_of(page[-1])

    def may_follow(self, last: Place | None) -> bool:
        """Return whether unread conversations of the shard may belong before this cursor."""
        return self.more and (last is None or self.after is None or self.after > last)


def _place(conversation: Conversation) -> Place:
    return conversation.updated_at, conversation.id


def _at_once(limit: int) -> int:
    """Return about twice a shard's share, so that most pages need no second round."""
    return max(2 * limit // SHARDS, 1)


def _failed(document: Any) -> FailedNotification:
    _, conversation_id, _, message_id, _, chunk = document.name.rsplit("/", 5)
    return FailedNotification(
        conversation_id=conversation_id,
        message_id=message_id,
        chunk=int(chunk),
        failed_at=plain_time(document.fields["failed_at"].timestamp_value),
        people=read_people(document),
    )
