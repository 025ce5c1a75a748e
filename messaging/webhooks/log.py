"""The log of deliveries: successes are recorded together, once a second, and only the latest of a
busy second. Failures are recorded one by one, where they are retried; the success that follows is
always recorded."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.webhooks import Attempt, EventReference
from messaging.stores.database.webhooks import WebhookStore

_FLUSH_SECONDS = 1.0
_MAX_LINES = 200
"""Of one second."""
_MAX_SETTLED = 5_000
_Line = tuple[int, EventReference, Attempt]


class DeliveryLog:
    def __init__(self, store: WebhookStore) -> None:
        self._store = store
        self._lines: deque[_Line] = deque(maxlen=_MAX_LINES)
        self._settled: deque[_Line] = deque(maxlen=_MAX_SETTLED)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="webhook.log_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        with suppress(StoreUnavailable):
            await self.flush()

    def add(
        self, endpoint_id: int, event: EventReference, attempt: Attempt, *, settles: bool
    ) -> None:
        """Note a delivery. `settles`: the log may have the event as failed."""
        (self._settled if settles else self._lines).append((endpoint_id, event, attempt))

    async def flush(self) -> None:
        """Record what was delivered since the last time. Raises StoreUnavailable: then the next
        call records it."""
        settled, lines = tuple(self._settled), tuple(self._lines)
        self._settled.clear()
        self._lines.clear()
        latest = {(one[0], one[1].id): one for one in (*settled, *lines)}
        if not latest:
            return
        try:
            await self._store.log(list(latest.values()))
        except (StoreUnavailable, asyncio.CancelledError):
            _put_back(self._settled, settled)
            _put_back(self._lines, lines)
            raise

    async def _step(self) -> None:
        await asyncio.sleep(_FLUSH_SECONDS)
        with suppress(StoreUnavailable):
            await self.flush()


def _put_back(waiting: deque[_Line], older: Sequence[_Line]) -> None:
    """Put lines back before those that were added since. Beyond the bound, the oldest are lost."""
    newer = tuple(waiting)
    waiting.clear()
    waiting.extend((*older, *newer))
