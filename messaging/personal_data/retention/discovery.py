"""Finds the conversations that retention does not know yet: those that changed since the last look.

On Firestore this costs one read for each conversation that changed since then, and at least one for
each of the 16 shards. The first look reads every conversation once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from messaging.domain.personal_data.retention import RetentionProgress
from messaging.personal_data.parts import Parts
from messaging.stores.exchange import is_shell

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


async def discover(parts: Parts) -> Sequence[str]:
    """Add new conversations. None of them is due before its own creation is old enough; what was
    imported with an earlier time waits until then.

    Return the ids of those that cannot be read. While there are any, the next look begins where
    this one has begun. Raises StoreUnavailable.
    """
    epoch = (await parts.epochs.read_epoch()).epoch.id
    begun = await parts.retention.begin_sweep(epoch)
    # A commit becomes visible up to `timeout` after its time, or somewhat more.
    late = timedelta(seconds=2 * parts.store.timeout + 2)
    read_at = None
    unreadable: list[str] = []
    async for page in parts.store.page_changed_conversations(since=(begun or _BEGINNING) - late):
        read_at = min(read_at or page.read_at, page.read_at)
        unreadable += page.unreadable
        await parts.retention.add(
            [
                RetentionProgress(conversation_id=one.id, kind=one.kind, oldest_at=one.created_at)
                for one in page.conversations
                if not is_shell(one)  # it is being loaded, and changes once more
            ]
        )
    assert read_at is not None
    if not unreadable:
        await parts.retention.end_sweep(epoch, read_at)
    return unreadable
