"""The sending half of the link: publishes to the other instances, in the order of commits.

No request waits for it. Each publish has a timeout. After a failure only the beacon is tried for a
second; the next beacons report what was lost, as they report everything that was sent. This is no
`CircuitBreaker`: its one try would be a message, and the beacon is a better one.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.link.beacon import RecentCommits
from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.messages import Beacon, Goodbye, LinkMessage
from messaging.delivery.link.send_queue import OutboundMessage, SendQueue
from messaging.delivery.traces import published
from messaging.instruments import tracing
from messaging.instruments.metrics import LINK_LOST, LINK_VERSION, PUBLISH_SECONDS
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

INSTANCES = "instances"
"""The group of all instances."""
_PUBLISH_SECONDS = 1.0
_RETRY_SECONDS = 1.0


class PublishingLayer(Protocol):
    """The part of a Channels layer that is used here (its public interface)."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None: ...


class LinkSender:
    def __init__(
        self,
        layer: PublishingLayer,
        *,
        wire: Wire,
        common_version: Callable[[], int],
        on_failure: Callable[[int, str], None],
    ) -> None:
        """Create a sender. `common_version` returns the newest version of the format that all
        instances read at the moment. `on_failure` is called for each failed publish, with the
        number of failures in a row and the reason."""
        self._layer = layer
        self._wire = wire
        self._common_version = common_version
        self._on_failure = on_failure
        self._outgoing = SendQueue(INSTANCES)
        self._recent = RecentCommits()
        self._something_to_do = asyncio.Event()
        self._failures = 0
        self._closed_until = 0.0
        self._number = 0
        self._echoed = 0
        self._beacon_due = False
        self._beacon_was_last = False
        self._task: asyncio.Task[None] | None = None

    @property
    def failing(self) -> bool:
        """Return whether the last publish failed."""
        return self._failures > 0

    def start(self) -> None:
        self._task = start_task(repeat(self._work, failed="link.sender_failed"))

    async def stop(self) -> None:
        """Stop publishing. `finish` publishes the waiting messages."""
        if self._task is not None:
            await stop_tasks(self._task)

    async def finish(self, *, goodbye: bool) -> None:
        """Publish the waiting messages, after `stop`. Raises the errors of the layer, and has no
        timeout."""
        while self._outgoing:
            await self._publish_waiting()
        if goodbye:
            await self._publish(INSTANCES, [Goodbye()])

    def send(self, group: str, item: OutboundMessage) -> None:
        if time.monotonic() < self._closed_until or self._outgoing.full:
            self._note([item])
        else:
            self._outgoing.put(group, item)
            self._something_to_do.set()

    def send_beacon(self) -> None:
        """Publish a beacon next. It alternates with other messages if a publish takes as long as
        the interval of beacons."""
        self._beacon_due = True
        self._something_to_do.set()

    def repeat(self, conversation_id: str, version: int, user_ids: Iterable[str]) -> None:
        """Report in the next beacons that this version exists, and who is in the conversation."""
        self._recent.note(conversation_id, version, user_ids)

    def came_back(self, conversation_ids: Iterable[str]) -> None:
        """Note that an own beacon with these conversations came back."""
        self._recent.came_back(conversation_ids)

    def sent_beacon(self, number: int) -> bool:
        """Return whether a beacon with that number was sent and has not come back before."""
        if not self._echoed < number <= self._number:
            return False
        self._echoed = number
        return True

    def _note(self, items: Iterable[OutboundMessage]) -> None:
        """Report messages in the next beacons, whether published or lost."""
        for item in items:
            if item.version is not None:
                self._recent.note(item.conversation_id, item.version, item.added)

    async def _work(self) -> None:
        await self._something_to_do.wait()
        self._something_to_do.clear()
        while self._beacon_due or self._outgoing:
            try:
                async with asyncio.timeout(_PUBLISH_SECONDS):
                    await self._publish_next()
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                self._failed(describe(error))
            else:
                self._failures = 0
                self._closed_until = 0.0

    async def _publish_next(self) -> None:
        if self._beacon_due and not (self._beacon_was_last and self._outgoing):
            self._beacon_due, self._beacon_was_last = False, True
            await self._publish_beacon()
        else:
            self._beacon_was_last = False
            await self._publish_waiting()

    async def _publish_waiting(self) -> None:
        group, items = self._outgoing.take()
        messages = [item.message for item in items]
        begun = time.monotonic()
        try:
            await self._publish(group, messages)
        finally:
            self._note(items)
        seconds = time.monotonic() - begun
        PUBLISH_SECONDS.observe(seconds)
        if tracing.tracer is not None:
            published(tracing.tracer, messages, seconds)

    async def _publish_beacon(self) -> None:
        self._number += 1
        beacon = Beacon(number=self._number, commits=dict(self._recent.as_message()), reads=VERSION)
        await self._publish(INSTANCES, [beacon])

    async def _publish(self, group: str, items: Sequence[LinkMessage]) -> None:
        version = self._common_version()
        LINK_VERSION.set(version)
        data = self._wire.seal(items, version=version)
        await self._layer.group_send(group, {"data": data})

    def _failed(self, reason: str) -> None:
        self._failures += 1
        self._closed_until = time.monotonic() + _RETRY_SECONDS
        lost = self._outgoing.clear()
        self._note(lost)
        LINK_LOST.inc(len(lost))
        if self._failures == 1:
            logger.warning("link.publish_failed", error=reason)
        self._on_failure(self._failures, reason)
