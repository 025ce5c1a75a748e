"""Gaps: what an instance missed of a conversation, read from the store and put into frames.

Superseded versions are not kept. Where every missing version belongs to exactly one message the
ordinary events are sent; otherwise one `conversation.changes` stands for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.domain.conversation import Conversation
from messaging.domain.limits import get_limits
from messaging.domain.message import Message
from messaging.instruments.metrics import RESYNCS
from messaging.stores.conversations import Store
from messaging.wire.events import EventEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The state of a conversation at a version, with the messages that lead there."""

    conversation: Conversation
    messages: Sequence[Message]
    complete: bool
    """False when more messages changed than are worth replaying."""


async def read_gap(
    store: Store, conversation_id: str, since: int, *, state: Conversation | None = None
) -> Gap | None:
    """Return what lies above the version `since`, or None if the conversation is gone, or at
    `since`.

    The conversation is read first, unless its `state` was read a moment ago, and its messages
    after; what is newer than the conversation is left out, so that the people and the messages are
    of one state. Raises StoreUnavailable.
    """
    conversation = state or await store.get_conversation(conversation_id)
    if conversation is None or conversation.version <= since:
        return None
    last = conversation.last_message
    if last is not None and conversation.version == last.version == since + 1:
        return Gap(conversation=conversation, messages=[last], complete=True)  # it has it all
    limit = get_limits().changed_messages
    messages = await store.list_changed_messages(
        conversation_id, since=since, until=conversation.version, limit=limit + 1
    )
    return Gap(conversation=conversation, messages=messages, complete=len(messages) <= limit)


def gap_frames(gap: Gap, since: int, events: EventEncoder) -> Sequence[tuple[int, str]]:
    """The frames that lead from the version `since` to the gap's end, each with its version."""
    conversation = gap.conversation
    if not gap.complete:
        RESYNCS.inc()
        return [(conversation.version, events.resync(conversation.id))]
    messages = [message for message in gap.messages if message.version > since]
    versions = [message.version for message in messages]
    if versions == list(range(since + 1, conversation.version + 1)):
        return [(message.version, events.message_state(message)) for message in messages]
    frame = events.conversation_changes(conversation, messages, since=since)
    return [(conversation.version, frame)]
