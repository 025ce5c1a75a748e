"""Typing indicators: shown for a few seconds, stored nowhere."""

from datetime import UTC, datetime, timedelta

from messaging.exceptions import StoreUnavailable
from messaging.instance import get_instance
from messaging.limits import get_limits
from messaging.services.access import access_conversation, read_conversation

_SHOWN_FOR = timedelta(seconds=6)
_PAIR = 2
_BLOCKS_SECONDS = 60.0


async def set_typing(*, user_id: str, conversation_id: str, typing: bool) -> None:
    """Show the others that somebody types, for six seconds, or that they stopped.

    Nothing is shown in conversations above the fan-out limit, nor between two of whom one blocks
    the other. Where the conversation is delivered here, it goes on without the store and costs no
    read, but for one a minute between two. Raises ConversationNotFound, NotAParticipant,
    StoreUnavailable.
    """
    instance = get_instance()
    followed = instance.hub.followed(conversation_id)
    if followed is None or user_id not in followed.participants:
        known = await access_conversation(user_id=user_id, conversation_id=conversation_id)
        people, may_see = len(known.participants), not known.blocked_by
    else:
        people = len(followed.participants)
        may_see = people > _PAIR or await _unblocked(user_id, conversation_id)
    if not may_see or people > get_limits().fan_out_participants:
        return
    now = datetime.now(UTC)
    instance.publisher.publish_typing(
        conversation_id,
        user_id,
        typing=typing,
        expires_at=now + _SHOWN_FOR if typing else now,
    )


async def _unblocked(user_id: str, conversation_id: str) -> bool:
    """Whether neither of two blocks the other, of which only the conversation tells. A copy says so
    for a minute: that another instance has changed it is told here, and may be lost."""
    cache = get_instance().cache
    known = cache.get_fresh(conversation_id, seconds=_BLOCKS_SECONDS)
    if known is None:
        try:
            known = await read_conversation(user_id=user_id, conversation_id=conversation_id)
        except StoreUnavailable:
            known = cache.get(conversation_id)
    return known is not None and not known.blocked_by
