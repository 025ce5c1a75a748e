"""The marks of conversations that are being loaded: if the load is given up, a sweep removes them
an hour later (`messaging.deletions`)."""

import time

from messaging.services.exchange.retries import retried
from messaging.stores.database.deletions import DeletionStore
from messaging.stores.sql.connections.calls import Calls

_DUE_SECONDS = 3600.0
_RENEW_SECONDS = 600.0


class LoadMark:
    def __init__(self, database: Calls, conversation_id: str) -> None:
        """Create it. `database` are the calls of `DATABASE_URL`."""
        self._marks = DeletionStore(database)
        self._id = conversation_id
        self._marked_at = float("-inf")

    async def keep(self) -> None:
        """Store the mark, unless it was stored lately. Raises StoreUnavailable."""
        if time.monotonic() - self._marked_at >= _RENEW_SECONDS:
            await retried(self._marks.mark, self._id, due_after=_DUE_SECONDS)
            self._marked_at = time.monotonic()

    async def remove(self) -> None:
        """Remove the mark: the conversation is complete. Raises StoreUnavailable."""
        await retried(self._marks.unmark, self._id)
