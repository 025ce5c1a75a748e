"""Gaps: the changes of a conversation that an instance missed, read from the store and turned into
frames.

Superseded versions are not stored. If every missing version belongs to exactly one message, the
ordinary events are sent. Otherwise one `conversation.changes` represents all of them.
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
    """The state of a conversation at a version, with the messages that lead to it."""

    conversation: Conversation
    messages: Sequence[Message]
    complete: bool
    """False if too many messages changed to replay them."""


async def read_gap(
    store: Store, conversation_id: str, since: int, *, state: Conversation | None = None
) -> Gap | None:
    """Return the changes above the version `since`, or None if the conversation is gone or still at
    `since`.

    The conversation is read first, unless its `state` was just read, and then its messages. Newer
    messages are left out, so that people and messages belong to one state. Raises StoreUnavailable.
    """
    conversation = state or await store.get_conversation(conversation_id)
    if conversation is None or conversation.version <= since:
        return None
    last = conversation.last_message
    if last is not None and conversation.version == last.version == since + 1:
        return Gap(
            conversation=conversation, messages=[last], complete=True
        )  # it already has everything
    limit = get_limits().changed_messages
    messages = await store.list_changed_messages(
        conversation_id, since=since, until=conversation.version, limit=limit + 1
    )
    return Gap(conversation=conversation, messages=messages, complete=len(messages) <= limit)


def gap_frames(gap: Gap, since: int, events: EventEncoder) -> Sequence[tuple[int, str]]:
    """Return the frames from the version `since` to the end of the gap, each with its version."""
    conversation = gap.conversation
    if not gap.complete:
        RESYNCS.inc()
        return [(conversation.version, events.resync(conversation.id))]
    messages = [message for message in gap.messages if message.version > since]
    versions = [message.version for message in messages]
    if versions == list(range(since + 1, conversation.version + 1)):
        pinned = conversation.pinned_count
        return [
            (message.version, events.message_state(message, pinned_count=pinned))
            for message in messages
        ]
    frame = events.conversation_changes(conversation, messages, since=since)
    return [(conversation.version, frame)]
