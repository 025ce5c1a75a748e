"""The interface of the stored reactions: who reacted to a message, and how.

A commit of the conversation writes them (`messaging.stores.conversations.Commit`). SQL and
Firestore implement it; one contract suite checks both.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from messaging.domain.message import ReactionKey


class ReactionStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def get_reactions(
        self, conversation_id: str, keys: Collection[ReactionKey]
    ) -> Mapping[ReactionKey, tuple[str, ...]]:
        """Return the emojis of these people on these messages, one read each. People without a
        reaction are left out."""

    async def list_reactions(
        self, conversation_id: str, message_id: str, emoji: str, *, after: str = "", limit: int
    ) -> Sequence[str]:
        """Return the first `limit` people who reacted with an emoji, in the order of their ids,
        after this id."""

    async def list_messages_with_reactions(
        self, conversation_id: str, message_ids: Collection[str]
    ) -> Collection[str]:
        """Return those of these messages that have stored reactions. On Firestore, this costs one
        read for each message."""

    async def remove_reactions(self, conversation_id: str, message_id: str) -> None:
        """Remove all reactions to a deleted message. A message that is not deleted is the caller's
        mistake: its summary would stay."""
