"""The store's epoch, for processes that do not watch it: workers and commands."""

import time

from messaging.stores.epochs import Epoch, EpochStore

_KEPT_SECONDS = 30.0


class StoredEpoch:
    """Reads the epoch every half a minute, when it is asked for."""

    def __init__(self, epochs: EpochStore) -> None:
        self._epochs = epochs
        self._known: Epoch | None = None
        self._read_at = 0.0

    async def get(self) -> Epoch:
        """Return the epoch, at most half a minute old. Raises StoreUnavailable."""
        if self._known is None or time.monotonic() - self._read_at > _KEPT_SECONDS:
            self._known = (await self._epochs.read_epoch()).epoch
            self._read_at = time.monotonic()
        return self._known
