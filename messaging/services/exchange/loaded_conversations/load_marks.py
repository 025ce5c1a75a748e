"""The marks of conversations that are being loaded: if the load is given up, a sweep removes them
an hour later (`messaging.deletions`)."""

import time
from datetime import datetime

from messaging.concurrency.retries import retried
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
        self._due_at: datetime | None = None

    async def keep(self) -> None:
        """Store the mark, unless it was stored lately. Raises StoreUnavailable."""
        if time.monotonic() - self._marked_at >= _RENEW_SECONDS:
            self._due_at = await retried(self._marks.mark, self._id, due_after=_DUE_SECONDS)
            self._marked_at = time.monotonic()

    async def remove(self) -> None:
        """Remove the mark: the conversation is complete. A mark that others have stored or claimed
        since stays for a sweep. Raises StoreUnavailable."""
        if self._due_at is not None:
            await retried(self._marks.unmark, self._id, self._due_at)
