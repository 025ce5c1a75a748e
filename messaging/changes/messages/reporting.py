"""System messages: they report a change of a conversation, in the same commit.

The change takes version v, and its message v + 1. A system message is the latest message, but it
counts as unread for nobody, and does not move the conversation in lists.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from messaging.changes.change import Outcome
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import content_hash, derived_id
from messaging.domain.message import Message, MessageKind

SENDER = "service:system"
"""The sender of system messages. No person has this id."""
MAX_NAMED = 20
"""The people that a system message names."""


class Event(StrEnum):
    """What a system message reports."""

    CONVERSATION_CREATED = "conversation.created"
    TITLE_CHANGED = "title.changed"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_LEFT = "participant.left"
    ROLE_CHANGED = "role.changed"


def with_report(
    outcome: Outcome,
    event: Event,
    *,
    by: str | None,
    user_ids: Sequence[str] = (),
    **details: str | None,
) -> Outcome:
    """Return the outcome with the system message that reports its change, if the conversation has
    system messages, and people. `by`: the author of the change; None is an operator."""
    after = outcome.conversation
    if outcome.change is None or not after.system_messages or not after.participants:
        return outcome
    conversation, message = _reported(after, event, by, user_ids, details)
    report = Change(
        type=ChangeType.MESSAGE_CREATED, version=message.version, message=message, by=SENDER
    )
    return replace(outcome, conversation=conversation, report=report)


def with_creation_report(conversation: Conversation, *, by: str) -> Conversation:
    """Return a new conversation with the system message that reports its creation, if it has system
    messages: then it begins with seq 1 and version 1."""
    if not conversation.system_messages:
        return conversation
    people = list(conversation.participants)
    return _reported(conversation, Event.CONVERSATION_CREATED, by, people, {})[0]


def _reported(
    conversation: Conversation,
    event: Event,
    by: str | None,
    user_ids: Sequence[str],
    details: dict[str, str | None],
) -> tuple[Conversation, Message]:
    seq, version = conversation.seq + 1, conversation.version + 1
    named = {"user_ids": list(user_ids[:MAX_NAMED]), "count": len(user_ids)}
    metadata = json.dumps(
        {"event": event.value, **named, "by": by, **details},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    message = Message(
        id=derived_id("system", conversation.id, str(version)),
        conversation_id=conversation.id,
        seq=seq,
        version=version,
        sender_id=SENDER,
        client_id=None,
        text="",
        reply_to=None,
        mentions=(),
        created_at=COMMIT_TIME,
        content_hash=content_hash(metadata),
        created_version=version,
        kind=MessageKind.SYSTEM,
        metadata=metadata,
    )
    return with_system_message(conversation, message), message


def with_system_message(conversation: Conversation, message: Message) -> Conversation:
    """Return the conversation after a system message, which counts as unread for nobody."""
    return replace(
        conversation,
        seq=message.seq,
        version=message.version,
        last_message=message,
        uncounted=conversation.uncounted.adding(message.seq),
    )
