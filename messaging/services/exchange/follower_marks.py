"""Keeps loaded history from those who follow new messages: no webhook reports it.

Search is another case: it indexes what was loaded, because its sweep finds the conversation.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.checkpoints import Checkpoints
from messaging.followers.registry import list_registered
from messaging.search.follower import SearchFollower
from messaging.stores.sql.connections.calls import Calls


async def mark_followed(calls: Calls, conversation: Conversation) -> None:
    """Note that all followers but search have handled a conversation up to its version. Do it
    before the store has this version. Raises StoreUnavailable; a retry helps."""
    await calls.write("mark_followed", _mark, conversation)


def _mark(database: BaseDatabaseWrapper, conversation: Conversation) -> None:
    for registered in list_registered(database):
        if registered.name == SearchFollower.name:
            continue
        checkpoints = Checkpoints(registered.name, owner="")
        before = checkpoints.get(database, [conversation.id])[conversation.id]
        generation, version = registered.generation, conversation.version
        if before.after(generation) >= version:
            continue
        if not checkpoints.move(database, before, generation=generation, version=version):
            raise StoreUnavailable  # a process reads the conversation at this moment
