"""Editing the text and the metadata of a message."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.messages.changed import (
    require_visible,
    require_written,
    with_changed_message,
)
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import require_participant, require_unblocked, require_unfrozen
from messaging.changes.text_rules import require_text
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage:
    """Replace some fields of a message: `text`, `metadata`. Another text counts as an edit; other
    metadata alone does not."""

    user_id: str
    message_id: str
    changes: Mapping[str, str | None]
    creates: None = None

    @property
    def needs(self) -> Needs:
        if "text" in self.changes:
            return Needs(edited_messages=(self.message_id,))
        return Needs(messages=(self.message_id,))

    @property
    def size(self) -> int:
        return sum(len((value or "").encode()) for value in self.changes.values()) + SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        message = require_visible(conversation, self.user_id, known.messages, self.message_id)
        if message.deleted_at is not None:
            raise MessageNotFound
        if message.sender_id != self.user_id:
            raise PermissionDenied("Only the sender may edit a message.")
        require_written(message)
        require_unblocked(conversation)
        require_unfrozen(conversation, self.user_id)
        changes: dict[str, Any] = {
            name: value for name, value in self.changes.items() if getattr(message, name) != value
        }
        if not changes:
            return Outcome(conversation=conversation, message=message)
        if "text" in changes and not message.attachments:
            require_text(changes["text"] or "")  # only a file makes up for an empty text
        if "text" not in changes:
            return with_changed_message(conversation, message, by=self.user_id, **changes)
        outcome = with_changed_message(
            conversation, message, by=self.user_id, edited_at=COMMIT_TIME, **changes
        )
        written_at = message.edited_at or message.created_at
        earlier = known.earlier_texts.get(message.id, NO_EARLIER_TEXTS).adding(
            message.text or "", None if written_at is COMMIT_TIME else written_at
        )
        return replace(outcome, earlier=earlier)
