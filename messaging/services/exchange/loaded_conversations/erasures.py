"""Erasures that are under way while a conversation is loaded: they may have removed something of it
already."""

from collections.abc import Collection

from messaging.concurrency.retries import retried
from messaging.stores import Stores

_AT_ONCE = 100


async def is_somebody_erased(stores: Stores, user_ids: Collection[str]) -> bool:
    """Return whether an erasure of one of these people is under way. Raises StoreUnavailable."""
    ids = sorted(user_ids)
    for start in range(0, len(ids), _AT_ONCE):
        known = await retried(stores.people.get_privacy, ids[start : start + _AT_ONCE])
        if any(one.erasing for one in known.values()):
            return True
    return False
