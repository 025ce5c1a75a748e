"""Pinning a message, so that everyone finds it."""

from dataclasses import dataclass

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.changed import (
    require_visible,
    require_written,
    with_changed_message,
)
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import (
    require_participant,
    require_role,
    require_unblocked,
    require_unfrozen,
)
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import InvalidRequest, MessageNotFound
from messaging.domain.participant import Role

MAX_PINS = 50
"""The pinned messages of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinMessage:
    """Pin a message, or unpin it. In a group, this requires owner or admin."""

    user_id: str
    message_id: str
    pinned: bool
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,))

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = require_visible(conversation, self.user_id, known.messages, self.message_id)
        if message.deleted_at is not None:
            raise MessageNotFound
        if conversation.kind is ConversationKind.GROUP:
            require_role(conversation, self.user_id, Role.ADMIN)
        require_written(message)
        require_unblocked(conversation)
        require_unfrozen(conversation, self.user_id)
        if (message.pinned_at is not None) is self.pinned:
            return Outcome(conversation=conversation, message=message)
        if self.pinned and conversation.pinned_count >= MAX_PINS:
            detail = f"A conversation has at most {MAX_PINS} pinned messages. Unpin another one."
            raise InvalidRequest.of("message_id", detail, "too_many")
        return with_changed_message(
            conversation,
            message,
            by=self.user_id,
            pinned_count=max(conversation.pinned_count + (1 if self.pinned else -1), 0),
            pinned_at=COMMIT_TIME if self.pinned else None,
        )
