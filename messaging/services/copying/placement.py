"""Decides whether a store may become, or is, the copy of another one.

The copy has the epoch of its source: that is how it is known. Clients and followers that know the
source therefore go on with the copy.
"""

from messaging.concurrency.retries import retried
from messaging.stores import Stores
from messaging.stores.epochs import Epoch


class NotACopy(Exception):
    """The store has data, and another epoch than the source."""


class CopyAhead(Exception):
    """The copy has a later version than its source. The argument is the conversation's id."""


async def claim(source: Stores, target: Stores) -> Epoch:
    """Require a copy of the source, or make an empty store one. Return the epoch of both.

    Raises NotACopy, StoreUnavailable; CopyAhead if the latest change in the copy is not from the
    source.
    """
    epoch = await epoch_of(source)
    if await _is_empty(target):
        await retried(target.copying.adopt_epoch, epoch)
        return epoch
    if await retried(target.epochs.find_epoch) != epoch:
        raise NotACopy
    for latest in await retried(target.catalogue.list_conversations, limit=1):
        found = await retried(source.conversations.get_conversation, latest.id)
        if found is None or found.version < latest.version:
            raise CopyAhead(latest.id)
    return epoch


async def may_be_copied(source: Stores, target: Stores) -> bool:
    """Return whether a store is empty, or a copy of the source. Raises StoreUnavailable."""
    if await _is_empty(target):
        return True
    return await retried(target.epochs.find_epoch) == await epoch_of(source)


async def epoch_of(stores: Stores) -> Epoch:
    """Return the epoch of a store, which gets one if it has none. Raises StoreUnavailable."""
    return (await retried(stores.epochs.read_epoch)).epoch


async def _is_empty(stores: Stores) -> bool:
    exchange = stores.exchange
    if await retried(stores.conversations.list_conversation_ids, limit=1):
        return False
    if await retried(exchange.list_full_people, after="", limit=1):
        return False
    return not await retried(exchange.list_full_reports, after=None, limit=1)
