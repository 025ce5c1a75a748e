"""Own changes: a person's reads and settings on any device, for a client that was away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from messaging.concurrency.steps import in_steps
from messaging.domain.conversation import Membership
from messaging.domain.limits import get_limits
from messaging.domain.own.state import current_mark
from messaging.runtime.instance import Instance
from messaging.services.account.conversation_preferences import OwnSettings
from messaging.services.rules.own_positions import Budget, present_position
from messaging.stores.positions import ChangedPositions

_OVERLAP = timedelta(seconds=10)
"""The longest time between the store's timestamp of a change and the first read that sees it."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnState:
    """A person's own state in one conversation."""

    conversation_id: str
    read_seq: int
    unread_count: int
    marked_unread: int | None
    settings: OwnSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChanges:
    items: Sequence[OwnState]
    """The latest change first."""
    at: datetime
    """The store's time, for the next request."""
    truncated: bool
    """Whether more conversations changed than are listed."""


async def list_own_changes(instance: Instance, *, user_id: str, since: datetime) -> OwnChanges:
    """Return a person's present state in the conversations where they read further, changed
    settings, or were added since then; at most 1,000. Changes in the 10 s before are repeated.
    Raises StoreUnavailable.

    A person's own message moves `read_seq` too, but is not reported here: its event reports it.
    """
    limit = get_limits().latest_conversations

    async def read() -> tuple[ChangedPositions, Sequence[str], Sequence[Membership]]:
        # Read the positions first: a change between the two reads is found the next time.
        changed = await instance.store.list_changed_positions(
            user_id, since=max(since, _EARLIEST) - _OVERLAP, limit=limit + 1
        )
        named = list(changed.positions)[:limit]
        found = await instance.store.get_memberships(user_id, named, personal=True)
        return changed, named, found

    epoch = await instance.epochs.get()
    changed, named, found = await instance.turns.own_reads.run(user_id, read)
    instance.epochs.require(epoch)
    places = {place.conversation_id: place for place in found}
    items = []
    budget = Budget()
    async for conversation_id in in_steps(named, size=100):
        place = places.get(conversation_id)
        if place is None:
            continue  # the person has left meanwhile
        position = await present_position(
            instance, place, changed.positions[conversation_id], budget
        )
        read_seq = max(position.read_seq, place.sent_seq)
        items.append(
            OwnState(
                conversation_id=conversation_id,
                read_seq=read_seq,
                unread_count=place.uncounted.unread(seq=place.seq, read_seq=read_seq),
                marked_unread=current_mark(position.flags, read_seq),
                settings=OwnSettings(
                    preferences=place.preferences,
                    flags=position.flags,
                    archived=position.archived,
                ),
            )
        )
    return OwnChanges(items=items, at=changed.read_at, truncated=len(changed.positions) > limit)
