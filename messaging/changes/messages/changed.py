"""A message after a change, in its conversation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from messaging.changes.change import Outcome
from messaging.changes.rights import require_participant
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessageNotFound, PermissionDenied
from messaging.domain.message import Message


def with_changed_message(
    conversation: Conversation,
    message: Message,
    *,
    by: str,
    as_: ChangeType = ChangeType.MESSAGE_UPDATED,
    pinned_count: int | None = None,
    **changes: Any,
) -> Outcome:
    """Return the outcome of changing some fields of a message. The message gets the next version,
    and keeps the version at which it was sent.

    `pinned_count`: the conversation's new number of pinned messages, if it changes.
    """
    version = conversation.version + 1
    changed = replace(message, version=version, created_version=message.first_version, **changes)
    last = conversation.last_message
    after = replace(
        conversation,
        version=version,
        last_message=changed if last is not None and last.id == message.id else last,
        pinned_count=conversation.pinned_count if pinned_count is None else pinned_count,
    )
    change = Change(type=as_, version=version, message=changed, by=by, pinned_count=pinned_count)
    return Outcome(conversation=after, change=change, message=changed)


def require_visible(
    conversation: Conversation, user_id: str, messages: Mapping[str, Message], message_id: str
) -> Message:
    """Return a message that a participant may see, or its tombstone. Raises MessageNotFound, and
    the errors of `require_participant`."""
    participant = require_participant(conversation, user_id)
    message = messages.get(message_id)
    if message is None or message.seq < participant.visible_from:
        raise MessageNotFound
    return message


def require_written(message: Message) -> None:
    """Require that somebody wrote the message. Raises PermissionDenied for a system message."""
    if message.is_system:
        raise PermissionDenied("A system message cannot be edited, deleted, pinned or reacted to.")
