"""Deleting a message: a tombstone remains in its place."""

from dataclasses import dataclass, replace
from typing import Any

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.changed import (
    require_visible,
    require_written,
    with_changed_message,
)
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import require_participant, require_role, require_unfrozen
from messaging.domain.change import COMMIT_TIME, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS
from messaging.domain.message import Message
from messaging.domain.participant import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage:
    user_id: str
    message_id: str
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def needs(self) -> Needs:
        return Needs(messages=(self.message_id,))

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = require_visible(conversation, self.user_id, known.messages, self.message_id)
        require_written(message)
        if message.sender_id != self.user_id:
            require_role(conversation, self.user_id, Role.ADMIN)
        require_unfrozen(conversation, self.user_id)
        return deleted(conversation, message, by=self.user_id)


def deleted(conversation: Conversation, message: Message, *, by: str, **changes: Any) -> Outcome:
    """Return the conversation with a tombstone in the place of the message. `changes`: further
    fields of the tombstone."""
    if message.deleted_at is not None:
        return Outcome(conversation=conversation, message=message)
    without = replace(conversation, uncounted=conversation.uncounted.adding(message.seq))
    pinned = message.pinned_at is not None
    outcome = with_changed_message(
        without,
        message,
        by=by,
        as_=ChangeType.MESSAGE_DELETED,
        pinned_count=max(conversation.pinned_count - 1, 0) if pinned else None,
        text=None,
        reply_to=None,
        mentions=(),
        mentions_all=False,
        metadata=None,
        attachments=(),
        reactions={},
        pinned_at=None,
        deleted_at=COMMIT_TIME,
        **changes,
    )
    if message.reactions and outcome.change is not None:
        outcome = replace(outcome, change=replace(outcome.change, loses_reactions=True))
    return replace(
        outcome,
        released=tuple(one.id for one in message.attachments),
        earlier=None if message.edited_at is None else NO_EARLIER_TEXTS,
    )
