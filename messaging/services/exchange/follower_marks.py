"""Keeps loaded history from those who follow new messages: no webhook reports it.

Search is another case: it indexes what was loaded, because its sweep finds the conversation.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Conversation
from messaging.followers.checkpoints import Checkpoints
from messaging.followers.registry import list_registered
from messaging.search.follower import SearchFollower
from messaging.stores.sql.connections.calls import Calls


async def mark_followed(calls: Calls, conversation: Conversation) -> None:
    """Note that all followers but search have handled a conversation up to its version. Do it
    before the store has this version. Raises StoreUnavailable."""
    await calls.write("mark_followed", _mark, conversation)


def _mark(database: BaseDatabaseWrapper, conversation: Conversation) -> None:
    for registered in list_registered(database):
        if registered.name == SearchFollower.name:
            continue
        checkpoints = Checkpoints(registered.name, owner="")
        before = checkpoints.get(database, [conversation.id])[conversation.id]
        checkpoints.move(
            database, before, generation=registered.generation, version=conversation.version
        )
