"""Typing indicators: shown for a few seconds, stored nowhere."""

from datetime import UTC, datetime, timedelta

from messaging.instance import get_instance
from messaging.limits import get_limits
from messaging.services.access import access_conversation

_SHOWN_FOR = timedelta(seconds=6)
_PAIR = 2
"""As many people as may block each other: of that only the conversation tells."""


async def set_typing(*, user_id: str, conversation_id: str, typing: bool) -> None:
    """Show the others that somebody types, for six seconds, or that they stopped.

    Nothing is shown in conversations above the fan-out limit, nor between two of whom one blocks
    the other. It goes on without the store, and costs no read, where the conversation is delivered
    here. Raises ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    instance = get_instance()
    followed = instance.hub.followed(conversation_id)
    known = instance.cache.get(conversation_id)
    if followed is None or user_id not in followed.participants:
        known = await access_conversation(user_id=user_id, conversation_id=conversation_id)
        people = len(known.participants)
    else:
        people = len(followed.participants)
        if known is None and people <= _PAIR:
            known = await access_conversation(user_id=user_id, conversation_id=conversation_id)
    if known is not None and known.blocked_by:
        return
    if people > get_limits().fan_out_participants:
        return
    now = datetime.now(UTC)
    instance.publisher.publish_typing(
        conversation_id,
        user_id,
        typing=typing,
        expires_at=now + _SHOWN_FOR if typing else now,
    )
