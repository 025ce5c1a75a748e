"""Recent changes from Firestore: a query for each shard, a few at once.

A single query would need an index on the time alone. At its end Firestore accepts 500 writes a
second, for all conversations together:
https://cloud.google.com/firestore/docs/solutions/shard-timestamp
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from messaging.stores.conversations import ChangedConversations
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import query
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import (
    SHARDS,
    conversation_name,
    decode_conversation,
)
from messaging.stores.firestore.documents.conversions import read_moment
from messaging.stores.firestore.documents.readable import decode_readable
from messaging.stores.firestore.values import Reference
from messaging.stores.shared.recent_changes import (
    PAGE,
    ChangedPage,
    Place,
    all_pages,
    each_page,
)

_QUERIES_AT_ONCE = 4
"""Less than the failures that open the circuit breaker, in case all of them meet one lost
connection."""


async def list_changed(connection: Connection, since: datetime) -> ChangedConversations:
    places = asyncio.Semaphore(_QUERIES_AT_ONCE)

    async def list_one(shard: int) -> ChangedConversations:
        async with places:
            return await all_pages(_pages_of_shard(connection, shard, since))

    shards = await asyncio.gather(*map(list_one, range(SHARDS)))
    return ChangedConversations(
        conversations=[one for shard in shards for one in shard.conversations],
        read_at=min(shard.read_at for shard in shards),
        unreadable=[id_ for shard in shards for id_ in shard.unreadable],
    )


async def page_changed(
    connection: Connection, since: datetime
) -> AsyncIterator[ChangedConversations]:
    """Yield the pages of one shard after the other."""
    for shard in range(SHARDS):
        async for page in _pages_of_shard(connection, shard, since):
            yield page


def _pages_of_shard(
    connection: Connection, shard: int, since: datetime
) -> AsyncIterator[ChangedConversations]:
    database = connection.database

    async def read_page(after: Place | None) -> ChangedPage:
        last: tuple[object, ...] = ()
        if after is not None:
            updated_at, id_ = after
            last = (updated_at, Reference(conversation_name(database, id_)))
        found, read_at = await connection.dated_query(
            "list_changed_conversations",
            database.root,
            query(
                "conversations",
                ("shard", "==", shard),
                ("updated_at", ">=", since),
                order_by=[("updated_at", "ascending"), ("__name__", "ascending")],
                start_after=last,
                limit=PAGE,
            ),
        )
        conversations, unreadable = decode_readable(found, decode_conversation)
        return ChangedPage(
            changed=ChangedConversations(
                conversations=conversations, read_at=read_at, unreadable=unreadable
            ),
            last=_place_of(found[-1]) if len(found) == PAGE else None,
        )

    return each_page(read_page)


def _place_of(document: Any) -> Place:
    return read_moment(document.fields["updated_at"]), id_of(document)
