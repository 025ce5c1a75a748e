"""Announcements: changes of access, published to the other instances until each has acknowledged.

The caller waits up to a second for the acknowledgements. An announcement that Redis loses is
repeated. An instance that cannot be reached polls the store instead
(`messaging.delivery.link.polling`).
"""

import asyncio
import itertools
import time
from collections.abc import Callable

import structlog

from messaging.concurrency.tasks import TaskSet
from messaging.delivery.link.messages import AccessChanged, access_state
from messaging.domain.people import Access

logger = structlog.get_logger(__name__)

_WAIT_SECONDS = 1.0
_REPEAT_SECONDS = 0.25
_GIVE_UP_SECONDS = 10.0
_LEAST_SECONDS = 1.0
"""How long an announcement is repeated at least: an instance that has just started is not known
here yet."""


class Announcements:
    def __init__(
        self,
        *,
        publish: Callable[[AccessChanged], None],
        peers: Callable[[], frozenset[str]],
    ) -> None:
        """Create the announcements. `publish` sends a message to all instances; `peers` returns the
        other live ones."""
        self._publish = publish
        self._peers = peers
        self._numbers = itertools.count(1)
        self._acknowledged: dict[int, set[str]] = {}
        self._heard = asyncio.Event()
        self._tasks: TaskSet[None] = TaskSet()

    async def announce(self, access: Access) -> None:
        """Wait until every other instance has closed the sockets, for at most a second."""
        number = next(self._numbers)
        self._acknowledged[number] = set()
        self._tasks.start(self._repeat(number, access))
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while missing := self._missing(number):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            logger.warning("access.not_acknowledged", boot_ids=sorted(missing))

    def acknowledged(self, number: int, boot_id: str) -> None:
        # Ignore an unknown instance: nobody waits for it, and its acknowledgement would be stored
        # for ever.
        if number in self._acknowledged and boot_id in self._peers():
            self._acknowledged[number].add(boot_id)
            self._heard.set()

    async def stop(self) -> None:
        await self._tasks.stop()

    def _missing(self, number: int) -> frozenset[str]:
        return self._peers() - self._acknowledged.get(number, frozenset())

    async def _repeat(self, number: int, access: Access) -> None:
        message = AccessChanged(number=number, access=access_state(access))
        begun = time.monotonic()
        try:
            while (elapsed := time.monotonic() - begun) < _GIVE_UP_SECONDS:
                if elapsed > _LEAST_SECONDS and not self._missing(number):
                    break
                self._publish(message)
                await asyncio.sleep(_REPEAT_SECONDS)
        finally:
            self._acknowledged.pop(number, None)
