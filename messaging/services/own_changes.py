"""Own changes: what a person read or set on any device, for a client that was away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from messaging.concurrency.steps import in_steps
from messaging.domain.limits import get_limits
from messaging.domain.participant import Preferences
from messaging.runtime.instance import Instance

_OVERLAP = timedelta(seconds=10)
"""The longest time from the date that the store gives a change to the first read that sees it."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnState:
    """A person's own state in one conversation."""

    conversation_id: str
    read_seq: int
    unread_count: int
    preferences: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChanges:
    items: Sequence[OwnState]
    """The latest change first."""
    at: datetime
    """The store's time: ask from here the next time."""
    truncated: bool
    """Whether more conversations changed than are named."""


async def list_own_changes(instance: Instance, *, user_id: str, since: datetime) -> OwnChanges:
    """Return one's own state in the conversations where one read further, changed one's settings,
    or was added since then, as it is now; at most 1,000. What changed in the 10 s before is
    repeated. Raises StoreUnavailable.

    A message that one sends moves `read_seq` too, but is not looked for: its event tells of it.
    """
    limit = get_limits().latest_conversations
    epoch = await instance.epochs.get()
    async with instance.own_reads.turn(user_id):
        # Positions first: what changes between the two reads is found again the next time.
        changed = await instance.store.list_changed_positions(
            user_id, since=max(since, _EARLIEST) - _OVERLAP, limit=limit + 1
        )
        named = list(changed.positions)[:limit]
        found = await instance.store.get_memberships(user_id, named, personal=True)
    instance.epochs.require(epoch)
    places = {place.conversation_id: place for place in found}
    items = []
    async for conversation_id in in_steps(named, size=100):
        place = places.get(conversation_id)
        if place is None:
            continue  # left meanwhile
        read_seq = max(changed.positions[conversation_id].read_seq, place.sent_seq)
        items.append(
            OwnState(
                conversation_id=conversation_id,
                read_seq=read_seq,
                unread_count=place.uncounted.unread(seq=place.seq, read_seq=read_seq),
                preferences=place.preferences,
            )
        )
    return OwnChanges(items=items, at=changed.read_at, truncated=len(changed.positions) > limit)
