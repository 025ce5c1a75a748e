"""The people whom a conversation and its messages name.

Exports and erasures of a person find a conversation by the person's read position, so a load stores
one for each of them. A file that another program made may have positions of participants only.
"""

from collections.abc import Iterator

import orjson

from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import is_user_id
from messaging.exchange.records import FullMessage


def people_of_conversation(conversation: Conversation) -> set[str]:
    """Return the people whom a conversation itself names."""
    return _people(
        *conversation.participants,
        *conversation.sent_seq,
        *conversation.mentioned_seq,
        *conversation.preferences,
        *conversation.blocked_by,
        conversation.last_sender_id,
    )


def people_of_message(full: FullMessage) -> set[str]:
    """Return the author of a message, and the people who reacted to it or are named in it."""
    message = full.message
    return _people(
        message.sender_id,
        *message.mentions,
        *(one.user_id for one in full.reactions),
        *(user_id for one in message.reactions.values() for user_id in one.user_ids),
        *_reported(full),
    )


def _reported(full: FullMessage) -> Iterator[str]:
    """Yield the people whom a system message reports about."""
    message = full.message
    if not message.is_system or message.metadata is None:
        return
    values = orjson.loads(message.metadata)
    if not isinstance(values, dict):
        return
    several = values.get("user_ids")
    for named in (values.get("by"), *(several if isinstance(several, list) else ())):
        if isinstance(named, str):
            yield named


def _people(*ids: str) -> set[str]:
    return {one for one in ids if is_user_id(one)}
