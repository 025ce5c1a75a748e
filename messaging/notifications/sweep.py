"""The sweep after a crash: what an instance committed and did not hand over is notified.

One of the instances that are left takes it on. It looks at the messages that were created since
the lost instance was last heard of, and makes the ordinary jobs for those of which nobody has
decided everything; that some of them are queued already does no harm, the claims tell.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from messaging.entities import Conversation, Message
from messaging.instance import Instance
from messaging.notifications.options import get_options

logger = structlog.get_logger(__name__)

_CLAIM_KEPT = timedelta(days=1)
_SAME_SECONDS = 300
_STEP = 50
"""Messages read at once, from the latest back."""

Notify = Callable[[Conversation, Message], Awaitable[None]]


async def sweep(instance: Instance, *, boot_id: str, since: datetime, notify: Notify) -> None:
    """Take on the sweep for a lost instance, unless somebody else has. Raises StoreUnavailable."""
    # Those who are left do not agree on `since` to the second.
    name = f"{boot_id}.{since.timestamp() // _SAME_SECONDS:.0f}"
    if not await instance.decisions.claim_sweep(name, expires_at=datetime.now(UTC) + _CLAIM_KEPT):
        return
    # Older ones would ring nobody any more.
    since = max(since, datetime.now(UTC) - timedelta(seconds=get_options().stale))
    changed = await instance.store.list_changed_conversations(since=since)
    found = 0
    for conversation in changed.conversations:
        for message in await _created_since(instance, conversation, since):
            if await _undecided(instance, conversation, message):
                await notify(conversation, message)
                found += 1
    logger.warning(
        "notifications.swept",
        lost=boot_id,
        since=since.isoformat(),
        conversations=len(changed.conversations),
        messages=found,
    )


async def _created_since(
    instance: Instance, conversation: Conversation, since: datetime
) -> list[Message]:
    """Those that are not deleted, the oldest first."""
    created: list[Message] = []
    last_seq = conversation.seq
    while last_seq > 0:
        page = await instance.store.list_messages(
            conversation.id, first_seq=max(last_seq - _STEP + 1, 1), last_seq=last_seq
        )
        new = [message for message in page if message.created_at >= since]
        created = new + created
        if len(new) < len(page) or not page:
            break
        last_seq -= _STEP
    return [message for message in created if message.deleted_at is None]


async def _undecided(instance: Instance, conversation: Conversation, message: Message) -> bool:
    """Whether there is anybody of whom it is not known what became of notifying them."""
    decisions = await instance.decisions.list_decisions(conversation.id, message.id)
    return any(
        user_id != message.sender_id
        and (user_id not in decisions or decisions[user_id].verdict is None)
        for user_id in conversation.participants
    )
