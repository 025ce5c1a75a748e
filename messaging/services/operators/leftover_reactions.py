"""Reactions that deleted messages left in the store.

`runtime.reaction_removal` removes them in the background, soon after the deletion. They stay if the
instance is killed before, or if an earlier release deleted the message. Nothing shows them, so
their removal is not a change of the conversation.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import structlog

from messaging.concurrency.retries import retried
from messaging.domain.message import Message
from messaging.services.operators.findings import Drift, Finding
from messaging.stores.conversations import Store

logger = structlog.get_logger(__name__)

_REMOVED_WITHIN = timedelta(minutes=1)
"""The reactions of a message that was deleted later may still be on their way out."""
_MAX_COUNTED = 10_000
_MAX_NAMED = 5


class LeftoverReactions:
    """Finds the deleted messages of one conversation that still have reactions, and removes these
    reactions if `repair` is set."""

    def __init__(self, store: Store, *, repair: bool) -> None:
        self._store = store
        self._repair = repair
        self._found: dict[str, None] = {}
        """The ids of the messages, in the order in which they were found."""

    async def look(self, conversation_id: str, messages: Sequence[Message]) -> None:
        """Check a page of messages. Raises StoreUnavailable."""
        deleted = [one for one in messages if one.deleted_at is not None]
        if not deleted:
            return
        settled = await retried(self._store.now) - _REMOVED_WITHIN
        ids = [one.id for one in deleted if one.deleted_at is not None and one.deleted_at < settled]
        if not ids:
            return
        reactions = self._store.reactions
        listed = reactions.list_messages_with_reactions
        for message_id in await retried(listed, conversation_id, ids):
            if len(self._found) < _MAX_COUNTED:
                self._found[message_id] = None
            if self._repair:
                await retried(reactions.remove_reactions, conversation_id, message_id)
                logger.warning(
                    "reactions.removed", conversation_id=conversation_id, message_id=message_id
                )

    def findings(self) -> Iterator[Finding]:
        """Yield the finding, if there is one."""
        if not self._found:
            return
        ids = list(self._found)
        named = ", ".join(ids[:_MAX_NAMED])
        more = len(ids) - _MAX_NAMED
        if more > 0:
            named = f"{named} and {'at least ' if len(ids) == _MAX_COUNTED else ''}{more} more"
        detail = f"reactions are left of deleted messages: {named}"
        yield Finding(drift=Drift.REACTIONS, detail=detail)
