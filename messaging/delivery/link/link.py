"""The link to the other instances: one channel of the Redis layer for the whole process.

It joins the group of every followed conversation and the group `instances`, publishes beside
everything else (`messaging.delivery.link.sender`), and watches itself: its own beacon not coming
back for three seconds, or two publishes failing in a row, means that the link is down, whatever the
client library believes. While it is down `messaging.delivery.link.polling` reads the store instead.

Not promised: that anything published arrives. Redis pub/sub forgets what nobody listened to; the
hubs find what is missing by its version, and by the beacon when nothing follows.
"""

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import msgspec
import structlog
from prometheus_client import Histogram

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.announcements import Announcements
from messaging.delivery.link.beacon import BEACON_SECONDS
from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.messages import (
    AccessChanged,
    AccessKnown,
    Beacon,
    BlocksChanged,
    Goodbye,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.peers import Peers
from messaging.delivery.link.polling import Polling
from messaging.delivery.link.refused_messages import Reason, Refusals, Refused
from messaging.delivery.link.send_queue import OutboundMessage
from messaging.delivery.link.sender import INSTANCES, LinkSender
from messaging.delivery.link.signing import Signing
from messaging.domain.people import Access
from messaging.instruments.log_sampling import Sparing
from messaging.instruments.metrics import DELIVERY_LINK_SECONDS, TRANSIT_SECONDS
from messaging.redis import raw_layer  # noqa: F401 - registers the serializer
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

_DOWN_SECONDS = 3.0
_DOWN_FAILURES = 2
_SUBSCRIBE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_RENEW_SECONDS = 4.0
_GOODBYE_SECONDS = 1.0
_LONGEST_SECONDS = 60.0
"""Between a commit or publish there and its arrival here. What claims to have taken longer is not
measured: the clock of its sender is wrong, or its time is."""
_MAX_NAMED = 10
_ITEMS_PER_STEP = 50
"""Messages that are handled before others may run: a receiver that has plenty never waits."""


class ChannelLayer(Protocol):
    """What is used of a Channels layer (its public interface)."""

    async def receive(self, channel: str) -> Mapping[str, Any]: ...
    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def group_send(self, group: str, message: Mapping[str, Any]) -> None: ...
    async def flush(self) -> None: ...


class Link:
    def __init__(
        self,
        *,
        receiving: ChannelLayer,
        publishing: ChannelLayer,
        hub: Hub,
        polling: Polling,
        access: AccessList,
        boot_id: str,
        registered: Callable[[], Collection[str]],
        on_met: Callable[[str], None],
        on_ended: Callable[[str, float], None],
        signing: Signing | None = None,
    ) -> None:
        """`receiving` and `publishing` are two layers, for channels_redis lets every subscription
        wait for the round trip of the publish before it. `registered` tells which instances are
        known to be in the registry, `on_met` is told of one that is heard and is not among them.
        `on_ended` is told of each that ended without a goodbye, and when it was heard last (on
        the monotonic clock)."""
        self.up = True
        self._receiving = receiving
        self._publishing = publishing
        self._hub = hub
        self._polling = polling
        self._access = access
        self._announcements = Announcements(
            publish=self._publish_to_all,
            peers=lambda: self._peers.alive if self.up else frozenset(),
        )
        self._boot_id = boot_id
        self._registered = registered
        self._on_met = on_met
        self._on_ended = on_ended
        self._channel = f"chat.instance.{uuid.uuid4().hex}"
        self._wanted: set[str] = {INSTANCES}
        self._joined: set[str] = set()
        self._wanted_changed = asyncio.Event()
        signing = signing or Signing()
        self._wire = Wire(boot_id, signing=signing)
        self._lines = Sparing()
        self._refusals = Refusals(self._lines)
        self._sender = LinkSender(
            publishing, wire=self._wire, speaks=self._speaks, on_failure=self._publish_failed
        )
        self._peers = Peers(time.monotonic())
        self._beat_now = asyncio.Event()
        self._last_echo = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: list[asyncio.Task[None]] = []

    def start(self, *, connected: bool) -> None:
        """`connected`: whether Redis has answered just now."""
        works: list[Coroutine[Any, Any, None]] = [self._beat(), self._renew()]
        self._last_echo = time.monotonic()
        self._peers = Peers(self._last_echo)
        if not connected:
            self._go_down("not connected")
        self._sender.start()
        self._tasks = [start_task(work) for work in works]
        self._listen()

    def _listen(self) -> None:
        self._listening = [start_task(self._receive()), start_task(self._subscribe())]

    async def stop(self, *, goodbye: bool) -> None:
        """Publish what waits, and give the connections back. Without a goodbye the others look for
        what may be missing."""
        await self._announcements.stop()
        await stop_tasks(*self._tasks)
        await self._sender.stop()
        await stop_tasks(*self._listening)
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._sender.finish(goodbye=goodbye)
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            logger.info("link.no_goodbye", error=describe(error))
        for layer in (self._receiving, self._publishing):
            with suppress(TimeoutError):  # a Redis that hangs is not waited for
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await layer.flush()

    # What comes here

    def follow(self, conversation_id: str) -> None:
        self._wanted.add(conversation_id)
        self._wanted_changed.set()

    def unfollow(self, conversation_id: str) -> None:
        self._wanted.discard(conversation_id)
        self._wanted_changed.set()

    # What goes out

    def publish_batch(self, batch: Batch) -> None:
        last = batch.deliveries[-1].version
        added = [user_id for delivery in batch.deliveries for user_id in delivery.added]
        self._sender.send(
            batch.conversation_id,
            OutboundMessage(
                message=batch,
                conversation_id=batch.conversation_id,
                version=last,
                added=added,
                size=sum(len(delivery.frame) for delivery in batch.deliveries),
            ),
        )
        if added or any(delivery.removed for delivery in batch.deliveries):
            self.publish_people(batch.conversation_id, last, added)

    def publish_people(self, conversation_id: str, version: int, added: Sequence[str]) -> None:
        """That people came or went is told to all instances: one that does not follow the
        conversation may have the sockets of those who came, and a copy with those who went."""
        message = PeopleChanged(conversation_id=conversation_id, version=version, added=list(added))
        item = OutboundMessage(
            message=message, conversation_id=conversation_id, version=version, added=added
        )
        self._sender.send(INSTANCES, item)

    def publish_soft(self, event: SoftEvent) -> None:
        item = OutboundMessage(message=event, conversation_id=event.conversation_id)
        self._sender.send(event.conversation_id, item)

    def publish_blocks(self, conversation_id: str) -> None:
        """Who blocks whom in a direct conversation has changed, which has no version."""
        self._publish_to_all(BlocksChanged(conversation_id=conversation_id))

    async def announce_access(self, access: Access) -> None:
        """Return once every other instance has closed what is to be closed, or after a second;
        at once while the link is down."""
        await self._announcements.announce(access)

    def repeat(self, conversation_id: str, version: int, user_ids: Iterable[str]) -> None:
        """Say in the next beacons that this version exists, and who is in the conversation."""
        self._sender.repeat(conversation_id, version, user_ids)

    def _speaks(self) -> int:
        return self._peers.speaks(time.monotonic(), highest=VERSION)

    def _publish_to_all(self, message: LinkMessage) -> None:
        self._sender.send(INSTANCES, OutboundMessage(message=message, conversation_id=""))

    def _publish_failed(self, failures: int, reason: str) -> None:
        """One failure may be a connection that was closed meanwhile: a beacon is tried at once."""
        if failures == 1:
            self._beat_now.set()
        elif failures >= _DOWN_FAILURES:
            self._go_down(reason)

    # The works

    async def _subscribe(self) -> None:
        """Keep the joined groups equal to the wanted ones."""
        while True:
            self._wanted_changed.clear()
            try:
                for group in self._joined - self._wanted:
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._receiving.group_discard(group, self._channel)
                    self._joined.discard(group)
                # `instances` last: its beacon coming back tells that all is in force.
                for group in sorted(self._wanted - self._joined, key=INSTANCES.__eq__):
                    async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                        await self._receiving.group_add(group, self._channel)
                    self._joined.add(group)
            except RuntimeError:
                await asyncio.sleep(0.01)  # the channel is not being received from yet
            except Exception as error:  # noqa: BLE001
                log = logger.warning if self.up else logger.debug
                log("link.subscribe_failed", error=describe(error))
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._wanted_changed.wait()

    async def _renew(self) -> None:
        """Listen on a new connection where publishing works and yet nothing comes back: something
        on the way takes all and says nothing, or the library holds on to a master of the past."""
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            if self.up or self._sender.failing:
                continue
            logger.info("link.renewed")
            await stop_tasks(*self._listening)
            try:
                async with asyncio.timeout(_RENEW_SECONDS):
                    await self._receiving.flush()
            except Exception as error:  # noqa: BLE001 - a layer may raise anything
                logger.debug("link.renewal_failed", error=describe(error))
            self._joined.clear()
            self._listen()

    async def _receive(self) -> None:
        """The call to `receive` is never cancelled while running: that would unsubscribe. Nothing
        that arrives ends this task."""
        for number in itertools.count(1):
            try:
                message = await self._receiving.receive(self._channel)
            except Exception as error:  # noqa: BLE001
                log = logger.warning if self.up else logger.debug
                log("link.receive_failed", error=describe(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._take(message)
            if number % _ITEMS_PER_STEP == 0:
                await asyncio.sleep(0)

    async def _beat(self) -> None:
        while True:
            self._sender.send_beacon()
            begun = time.monotonic()
            try:
                async with asyncio.timeout(BEACON_SECONDS):
                    await self._beat_now.wait()
            except TimeoutError:
                pass
            self._beat_now.clear()
            now = time.monotonic()
            try:
                if now - begun < 2 * BEACON_SECONDS:  # else it was this process that stood still
                    self._look_around(now)
                self._hub.tidy()
            except Exception:  # the beacon goes on, whatever happens
                logger.exception("link.beat_failed")

    def _look_around(self, now: float) -> None:
        if not self.up:
            return
        if now - self._last_echo > _DOWN_SECONDS:
            self._go_down("no echo")
            return
        self._peers.registered(self._registered(), now)
        ended = self._peers.pop_ended(now)
        if not ended:
            return
        self._polling.look_back(min(heard_at for _, heard_at in ended))
        unsaid = self._lines.take()
        if unsaid is not None:
            named = [boot_id for boot_id, _ in ended[:_MAX_NAMED]]
            logger.warning("link.peer_ended", boot_ids=named, ended=len(ended), unsaid=unsaid)
        for boot_id, heard_at in ended:
            self._on_ended(boot_id, heard_at)

    def _go_down(self, reason: str) -> None:
        if self.up:
            self.up = False
            logger.warning("link.down", reason=reason)
            self._polling.link_down(self._last_echo)

    # What arrives

    def _take(self, data: object) -> None:
        try:
            if not isinstance(data, Mapping):
                raise Refused(Reason.UNDECODABLE)
            message = self._wire.open(data.get("data"))
        except Refused as refused:
            self._refusals.note(refused.reason)
            return
        if message.sender != self._boot_id:
            _observe(TRANSIT_SECONDS, time.time() - message.at)
        for item in message.items:
            if isinstance(item, Reason):
                self._refusals.note(item)
                continue
            try:
                self._handle(item, message.sender)
            except Exception as error:  # noqa: BLE001 - of this item, and not of what comes next
                self._refusals.note(Reason.FAILED, error=error)

    def _handle(self, item: LinkMessage, sender: str) -> None:
        if sender == self._boot_id:
            if isinstance(item, Beacon):
                self._echoed(item)
            return
        match item:
            case Batch():
                self._accept(item)
            case SoftEvent():
                self._hub.accept_soft(item)
            case PeopleChanged():
                self._hub.note_commit(item.conversation_id, item.version, item.added)
            case BlocksChanged():
                self._hub.forget(item.conversation_id)
            case _:
                self._handle_of_instance(item, sender)

    def _handle_of_instance(self, item: LinkMessage, sender: str) -> None:
        match item:
            case Beacon():
                self._heard(item, sender)
            case Goodbye():
                self._peers.goodbye(sender)
            case AccessChanged():
                self._check_access(item, sender)
            case AccessKnown() if item.to == self._boot_id:
                self._announcements.acknowledged(item.number, sender)

    def _accept(self, batch: Batch) -> None:
        if batch.state is not None and self._polling.is_ahead(batch.state.latest_moment):
            batch = msgspec.structs.replace(batch, state=None)
        self._hub.accept(batch)
        if batch.committed_at is not None:
            _observe(DELIVERY_LINK_SECONDS, time.time() - batch.committed_at)

    def _heard(self, beacon: Beacon, sender: str) -> None:
        if sender not in self._registered():
            self._on_met(sender)
        missed_since = self._peers.heard(
            sender, beacon.number, time.monotonic(), reads=beacon.reads
        )
        if missed_since is not None:
            self._polling.look_back(missed_since)
            unsaid = self._lines.take()
            if unsaid is not None:
                logger.info("link.beacons_missed", boot_id=sender, unsaid=unsaid)
        for conversation_id, commits in beacon.commits.items():
            self._hub.note_commit(conversation_id, commits.version, commits.added)

    def _check_access(self, item: AccessChanged, sender: str) -> None:
        known = AccessKnown(number=item.number, to=sender)
        self._access.check(item.access.user_id, lambda: self._publish_to_all(known))

    def _echoed(self, beacon: Beacon) -> None:
        if not self._sender.sent_beacon(beacon.number):
            return  # none of ours, or it was said again
        self._last_echo = time.monotonic()
        self._sender.came_back(beacon.commits)
        if not self.up:
            self.up = True
            logger.info("link.up")
            self._peers.link_restored(self._last_echo)
            self._polling.link_up()


def _observe(histogram: Histogram, seconds: float) -> None:
    """Clocks differ: what took less than nothing took no time. A time that was made up is left
    out, whatever number it is."""
    if -_LONGEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        histogram.observe(max(seconds, 0.0))
