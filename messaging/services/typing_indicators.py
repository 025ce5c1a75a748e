"""Typing indicators: shown for a few seconds, stored nowhere."""

from datetime import UTC, datetime, timedelta

from messaging.instance import get_instance
from messaging.limits import get_limits
from messaging.services.access import access_conversation

_SHOWN_FOR = timedelta(seconds=6)


async def set_typing(*, user_id: str, conversation_id: str, typing: bool) -> None:
    """Show the others that somebody types, for six seconds, or that they stopped.

    Nothing is shown in conversations above the fan-out limit, nor to whoever is known here to
    block or be blocked. It goes on without the store, and
    costs no read, where the conversation is delivered here. Raises ConversationNotFound,
    NotAParticipant, StoreUnavailable.
    """
    followed = get_instance().hub.followed(conversation_id)
    if followed is not None and user_id in followed.participants:
        people = len(followed.participants)
    else:
        conversation = await access_conversation(user_id=user_id, conversation_id=conversation_id)
        people = len(conversation.participants)
    cached = get_instance().cache.get(conversation_id)
    if cached is not None and cached.blocked_by:
        return
    if people > get_limits().fan_out_participants:
        return
    now = datetime.now(UTC)
    get_instance().publisher.publish_typing(
        conversation_id,
        user_id,
        typing=typing,
        expires_at=now + _SHOWN_FOR if typing else now,
    )
