"""Keeps loaded history from those who follow new messages: no webhook reports it.

Search is another case: it indexes what was loaded, because its sweep finds the conversation.
"""

import asyncio

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.followers.checkpoints import Checkpoint, Checkpoints
from messaging.followers.registry import Registration, list_registered
from messaging.search.follower import SearchFollower
from messaging.stores.sql.connections.calls import Calls

_TRIES = 120
_PAUSE_SECONDS = 1.0
"""Together more than the lease of any follower."""
_LEASE_SECONDS = 60.0


async def wait_until_marked(calls: Calls, conversation: Conversation) -> None:
    """Repeat `mark_followed`, for two minutes at most. Raises StoreUnavailable."""
    for _ in range(_TRIES):
        if await retried(mark_followed, calls, conversation):
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise StoreUnavailable


async def mark_followed(calls: Calls, conversation: Conversation) -> bool:
    """Note that all followers but search have handled a conversation up to its version. Do it
    before the store has this version. Return False if a process handles the conversation at this
    moment: it might report what the load writes next. Raises StoreUnavailable."""
    return await calls.write("mark_followed", _mark, conversation, random_id())


def _mark(database: BaseDatabaseWrapper, conversation: Conversation, owner: str) -> bool:
    """Return whether all checkpoints are at the version."""
    moved = [
        _move(database, registered, conversation, owner)
        for registered in list_registered(database)
        if registered.name != SearchFollower.name
    ]
    return all(moved)


def _move(
    database: BaseDatabaseWrapper, registered: Registration, conversation: Conversation, owner: str
) -> bool:
    checkpoints = Checkpoints(registered.name, owner=owner)
    generation, version = registered.generation, conversation.version
    before = checkpoints.get(database, [conversation.id])[conversation.id]
    if before.after(generation) >= version or checkpoints.move(
        database, before, generation=generation, version=version
    ):
        return True
    # A process has leased it. The lease of one that was killed ends.
    leased = checkpoints.claim(database, conversation.id, seconds=_LEASE_SECONDS)
    return isinstance(leased, Checkpoint) and checkpoints.move(
        database, leased, generation=generation, version=version, owned=True
    )
