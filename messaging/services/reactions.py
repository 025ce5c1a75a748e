"""Reactions: add, remove, list, and which of them are a person's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from messaging.changes.emoji import require_emoji
from messaging.changes.messages.reacting import React
from messaging.domain.identifiers import require_conversation_id, require_message_id
from messaging.domain.message import Message, ReactionSummary
from messaging.runtime.instance import Instance
from messaging.services.history import get_message
from messaging.services.rules.cursors import cursor_after, decode_cursor
from messaging.services.rules.rights import access_conversation
from messaging.services.rules.submission import submit

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    message: Message
    own: Sequence[str]
    """All reactions of the person to the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionPage:
    user_ids: Sequence[str]
    next_cursor: str | None
    """None at the end. The last page may be empty."""


async def set_reaction(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    message_id: str,
    emoji: str,
    present: bool,
) -> Reacted:
    """Add a person's reaction to a message, or remove it. Idempotent.

    Raises InvalidRequest (also above the limits of reactions), ConversationNotFound,
    NotAParticipant, MessageNotFound (also for a deleted message), Blocked, PermissionDenied,
    StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    emoji = require_emoji(emoji)
    require_message_id(message_id)
    change = React(user_id=user_id, message_id=message_id, emoji=emoji, present=present)
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    assert outcome.reactions is not None
    return Reacted(message=outcome.message, own=outcome.reactions.emojis)


async def list_reactions(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    message_id: str,
    emoji: str,
    limit: int,
    cursor: str | None = None,
) -> ReactionPage:
    """Return a page of the people who reacted to a message with an emoji, in a fixed order. A
    deleted message has none.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound, StoreUnavailable.
    """
    emoji = require_emoji(emoji)
    after = "" if cursor is None else decode_cursor(cursor)
    await access_conversation(instance, user_id=user_id, conversation_id=conversation_id)
    require_message_id(message_id)
    people = await instance.store.reactions.list_reactions(
        conversation_id, message_id, emoji, after=after, limit=limit
    )
    # Afterwards: the message has at least the version of every reaction that was read, and reading
    # it checks that the person was still a participant at that version.
    message = await get_message(
        instance, user_id=user_id, conversation_id=conversation_id, message_id=message_id
    )
    if message.deleted_at is not None:
        return ReactionPage(user_ids=[], next_cursor=None)
    full = len(people) == limit
    return ReactionPage(user_ids=people, next_cursor=cursor_after(people[-1]) if full else None)


async def own_reactions(
    instance: Instance, *, user_id: str, messages: Sequence[Message]
) -> Mapping[str, Sequence[str]]:
    """Return a person's own reactions to each of these messages of one conversation, by message id.

    A summary that names everybody tells it without a read. Each other message costs one read; all
    of them together take one round trip. Raises StoreUnavailable.
    """
    unclear = [
        (message.id, user_id)
        for message in messages
        if any(_may_hide(user_id, summary) for summary in message.reactions.values())
    ]
    stored = (
        await instance.store.reactions.get_reactions(messages[0].conversation_id, unclear)
        if unclear
        else {}
    )
    return {
        message.id: [
            emoji
            for emoji, summary in message.reactions.items()
            if user_id in summary.user_ids
            or (_may_hide(user_id, summary) and emoji in stored.get((message.id, user_id), ()))
        ]
        for message in messages
    }


def _may_hide(user_id: str, summary: ReactionSummary) -> bool:
    """Return whether a person may have reacted without being named in the summary."""
    return len(summary.user_ids) < summary.count and user_id not in summary.user_ids
