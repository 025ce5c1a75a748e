"""Typing indicators: shown for a few seconds, and not stored."""

from datetime import UTC, datetime, timedelta

from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation
from messaging.services.rules.visibility import PAIR, pair_is_open

_SHOWN_FOR = timedelta(seconds=6)


async def set_typing(
    instance: Instance, *, user_id: str, conversation_id: str, typing: bool
) -> None:
    """Show the others that a person is typing, for six seconds, or has stopped.

    Nothing is shown in conversations above the fan-out limit, or if one of two people blocks the
    other. If the conversation is delivered on this instance, this works without the store, and
    costs no read except one a minute between two people. Raises ConversationNotFound,
    NotAParticipant, StoreUnavailable.
    """
    followed = instance.hub.followed(conversation_id)
    if followed is None or user_id not in followed.participants or followed.count is None:
        known = await access_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        people, may_see = len(known.participants), not known.blocked_by
    else:
        people = followed.count
        may_see = people > PAIR or await pair_is_open(instance, user_id, conversation_id)
    if not may_see or people > get_limits().fan_out_participants:
        return
    now = datetime.now(UTC)
    instance.publisher.publish_typing(
        conversation_id,
        user_id,
        typing=typing,
        expires_at=now + _SHOWN_FOR if typing else now,
    )
