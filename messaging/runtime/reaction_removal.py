"""Removes the reactions of deleted messages from the store, in the background.

Nothing shows them from the deletion on: the deleted message has no summary of them. Their number
depends on other people, so the deletion itself does not wait for their removal.

Not promised: if the instance is killed within this moment, the entries stay in the store until
`verify_conversations --repair` removes them.
"""

import time

import structlog

from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.stores.reactions import ReactionStore

logger = structlog.get_logger(__name__)

_SECONDS = 300.0
"""How long the removal is retried."""


class ReactionRemoval:
    def __init__(self, reactions: ReactionStore, background: TaskSet[None]) -> None:
        self._reactions = reactions
        self._background = background

    def start(self, message: Message) -> None:
        """Start to remove the reactions of a message that was deleted."""
        self._background.start(self._remove(message.conversation_id, message.id))

    async def _remove(self, conversation_id: str, message_id: str) -> None:
        end = time.monotonic() + _SECONDS
        try:
            await until_answered(
                lambda: self._reactions.remove_reactions(conversation_id, message_id),
                too_late=lambda: time.monotonic() > end,
            )
        except StoreUnavailable:
            logger.error(
                "reactions.not_removed", conversation_id=conversation_id, message_id=message_id
            )
