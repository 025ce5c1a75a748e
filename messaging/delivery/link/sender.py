"""The sending half of the link: publishes to the other instances, in the order of commits.

No request waits for it. Each publish has a timeout. After a failure only the beacon is tried for a
second; the next beacons report what was lost, as they report everything that was sent. Changes of
blocks have no version to report, so they are published again. This is no `CircuitBreaker`: its one
try would be a message, and the beacon is a better one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.link.beacon import RecentCommits
from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.messages import (
    Beacon,
    BlocksChanged,
    Goodbye,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.send_queue import (
    MAX_CHARACTERS_WAITING,
    OutboundMessage,
    SendQueue,
)
from messaging.delivery.traces import published
from messaging.instruments import tracing
from messaging.instruments.memory import show_weight
from messaging.instruments.metrics import LINK_LOST, LINK_VERSION, PUBLISH_SECONDS
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

INSTANCES = "instances"
"""The group of all instances."""


def group_of(boot_id: str) -> str:
    """Return the group of one instance alone."""
    return f"instance.{boot_id}"


_PUBLISH_SECONDS = 1.0
_MANY_GROUPS = 16
_GROUPS_PER_INSTANCE = 0.25
"""A publish to all costs as many deliveries as there are instances, so with many of them more
groups wait for a publish of their own."""
_MANY_REPORTS = 500
"""Reports may wait. One in the group of its conversation costs fewer bytes than one to all."""
_RETRY_SECONDS = 1.0
_MAX_LOST_BLOCKS = 10_000
"""Copies of blocks and settings expire by themselves, see `messaging.delivery.hub.copies`."""


class PublishingLayer(Protocol):
    """The part of a Channels layer that is used here (its public interface)."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None: ...


class LinkSender:
    def __init__(
        self,
        layer: PublishingLayer,
        *,
        wire: Wire,
        own_group: str,
        common_version: Callable[[], int],
        on_failure: Callable[[int, str], None],
        instances: Callable[[], int] = lambda: 1,
    ) -> None:
        """Create a sender. `own_group` is the group of this instance alone. `common_version`
        returns the newest version of the format that all instances read at the moment. `on_failure`
        is called for each failed publish, with the number of failures in a row and the reason.
        `instances` returns the number of instances."""
        self._layer = layer
        self._wire = wire
        self._own_group = own_group
        self._common_version = common_version
        self._on_failure = on_failure
        self._outgoing = SendQueue(
            INSTANCES, many_groups=lambda: max(_MANY_GROUPS, _GROUPS_PER_INSTANCE * instances())
        )
        self._reports = SendQueue(INSTANCES, many_groups=lambda: _MANY_REPORTS)
        show_weight("link", self, LinkSender.characters, most=MAX_CHARACTERS_WAITING)
        self._recent = RecentCommits()
        self._lost_blocks: OrderedDict[str, OutboundMessage] = OrderedDict()
        """By the key that others must forget."""
        self._something_to_do = asyncio.Event()
        self._failures = 0
        self._closed_until = 0.0
        self._number = 0
        """The beacons to all."""
        self._sent = 0
        """All beacons."""
        self._echoed = 0
        self._beacon_to_all = True
        self._beacon_due = False
        self._beacon_was_last = self._report_was_last = False
        self._task: asyncio.Task[None] | None = None

    @property
    def failing(self) -> bool:
        """Return whether the last publish failed."""
        return self._failures > 0

    def characters(self) -> int:
        """Return the approximate number of waiting characters."""
        return self._outgoing.characters() + self._reports.characters()

    def start(self) -> None:
        self._task = start_task(repeat(self._work, failed="link.sender_failed"))

    async def stop(self) -> None:
        """Stop publishing. `finish` publishes the waiting messages."""
        if self._task is not None:
            await stop_tasks(self._task)

    async def finish(self, *, goodbye: bool) -> None:
        """Publish the waiting messages, after `stop`. After a goodbye nobody looks for anything
        else, so a last beacon reports the recent commits: a publish of them may have failed. Raises
        the errors of the layer, and has no timeout."""
        self._publish_blocks_again()
        while self._outgoing:
            await self._publish_waiting(self._outgoing)
        if goodbye:
            if self._recent:
                self._beacon_to_all = True
                await self._publish_beacon()
            await self._publish(INSTANCES, [Goodbye()])

    def send(self, group: str, item: OutboundMessage) -> None:
        queue = self._reports if item.repeated else self._outgoing
        if time.monotonic() < self._closed_until or queue.full:
            self._note_lost([item])
        else:
            queue.put(group, item)
            self._something_to_do.set()

    def send_beacon(self, *, to_all: bool = True) -> None:
        """Publish a beacon next. It alternates with other messages if a publish takes as long as
        the interval of beacons. If it does not go to all, the recent commits are reported in the
        groups of their conversations."""
        self._beacon_due, self._beacon_to_all = True, to_all
        if not to_all:
            self._report_commits()
        self._something_to_do.set()

    def _report_commits(self) -> None:
        for conversation_id, commits in self._recent.take_due():
            # An added person may be connected to an instance that does not follow it.
            group = INSTANCES if commits.added else conversation_id
            message = PeopleChanged(
                conversation_id=conversation_id, version=commits.version, added=commits.added
            )
            item = OutboundMessage(
                message=message,
                conversation_id=conversation_id,
                version=commits.version,
                added=commits.added,
                repeated=True,
            )
            self.send(group, item)

    def repeat(self, conversation_id: str, version: int, user_ids: Iterable[str]) -> None:
        """Report in the next beacons that this version exists, and who is in the conversation."""
        self._recent.note(conversation_id, version, user_ids)

    def came_back(self, conversation_ids: Iterable[str]) -> None:
        """Note that an own beacon with these conversations came back."""
        self._recent.came_back(conversation_ids)

    def sent_beacon(self, echo: int) -> bool:
        """Return whether a beacon with that number of all was sent and has not come back before."""
        if not self._echoed < echo <= self._sent:
            return False
        self._echoed = echo
        return True

    def _note(self, items: Iterable[OutboundMessage]) -> None:
        """Report messages in the next beacons, whether published or lost."""
        for item in items:
            if item.version is not None:
                self._recent.note(item.conversation_id, item.version, item.added)

    def _note_lost(self, items: Sequence[OutboundMessage]) -> None:
        """Report lost messages in the next beacons, or publish them again."""
        self._note(items)
        for item in items:
            if isinstance(item.message, BlocksChanged):
                self._lost_blocks[item.message.conversation_id] = item
                if len(self._lost_blocks) > _MAX_LOST_BLOCKS:
                    self._lost_blocks.popitem(last=False)

    def _publish_blocks_again(self) -> None:
        lost, self._lost_blocks = self._lost_blocks, OrderedDict()
        for item in lost.values():
            self._outgoing.put(INSTANCES, item)

    async def _work(self) -> None:
        await self._something_to_do.wait()
        self._something_to_do.clear()
        while self._beacon_due or self._outgoing or self._reports:
            try:
                async with asyncio.timeout(_PUBLISH_SECONDS):
                    await self._publish_next()
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                self._failed(describe(error))
            else:
                self._failures = 0
                self._closed_until = 0.0
                self._publish_blocks_again()

    async def _publish_next(self) -> None:
        """Publish a beacon, some events, or some reports. If all wait, they take turns."""
        waits = bool(self._outgoing or self._reports)
        if self._beacon_due and not (self._beacon_was_last and waits):
            self._beacon_due, self._beacon_was_last = False, True
            await self._publish_beacon()
            return
        self._beacon_was_last = False
        self._report_was_last = bool(self._reports) and not (
            self._report_was_last and self._outgoing
        )
        await self._publish_waiting(self._reports if self._report_was_last else self._outgoing)

    async def _publish_waiting(self, queue: SendQueue) -> None:
        group, items = queue.take()
        messages = [item.message for item in items]
        begun = time.monotonic()
        try:
            await self._publish(group, messages)
        except BaseException:
            self._note_lost(items)
            raise
        self._note(item for item in items if not item.repeated)
        seconds = time.monotonic() - begun
        PUBLISH_SECONDS.observe(seconds)
        if tracing.tracer is not None:
            published(tracing.tracer, messages, seconds)

    async def _publish_beacon(self) -> None:
        self._sent += 1
        to_all = self._beacon_to_all
        if to_all:
            self._number += 1
        beacon = Beacon(
            number=self._number,
            commits=dict(self._recent.as_message()) if to_all else {},
            reads=VERSION,
            echo=self._sent,
        )
        await self._publish(INSTANCES if to_all else self._own_group, [beacon])

    async def _publish(self, group: str, items: Sequence[LinkMessage]) -> None:
        version = self._common_version()
        LINK_VERSION.set(version)
        data = self._wire.seal(items, version=version)
        await self._layer.group_send(group, {"data": data})

    def _failed(self, reason: str) -> None:
        self._failures += 1
        self._closed_until = time.monotonic() + _RETRY_SECONDS
        lost = self._outgoing.clear()
        self._note_lost([*lost, *self._reports.clear()])
        LINK_LOST.inc(len(lost))
        if self._failures == 1:
            logger.warning("link.publish_failed", error=reason)
        self._on_failure(self._failures, reason)
