"""The link to the other instances: publishes the commits of this one, and monitors itself.

The link is down if its own beacon has not come back for three seconds, or two publishes have failed
in a row, whatever state the client library reports. While it is down `polling` reads the store
instead. `sender` publishes, `receiver` receives, `inbox` handles messages.

Not promised: a published message may not arrive. The hubs find missing versions by number, and by
the beacon if nothing follows.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.batch import Batch, SoftEvent
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.announcements import Announcements
from messaging.delivery.link.beacon import BEACON_SECONDS
from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.inbox import Inbox
from messaging.delivery.link.messages import (
    AccessKnown,
    Beacon,
    BlocksChanged,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.peers import Peers
from messaging.delivery.link.polling import Polling
from messaging.delivery.link.receiver import LinkReceiver, ReceivingLayer
from messaging.delivery.link.refused_messages import Refusals
from messaging.delivery.link.send_queue import OutboundMessage
from messaging.delivery.link.sender import INSTANCES, LinkSender, PublishingLayer
from messaging.delivery.link.signing import Signing
from messaging.domain.people import Access
from messaging.instruments.log_sampling import Sparing
from messaging.redis import raw_layer  # noqa: F401 - registers the serializer
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

_DOWN_SECONDS = 3.0
_DOWN_FAILURES = 2
_RENEW_SECONDS = 4.0
_BEAT_PAUSE = 0.1
_GOODBYE_SECONDS = 1.0
_MAX_NAMED = 10


class ChannelLayer(ReceivingLayer, PublishingLayer, Protocol):
    """The part of a Channels layer that is used here (its public interface)."""


class PeerListener(Protocol):
    """Receives reports on the other instances, and knows which of them are registered."""

    @property
    def registered(self) -> Collection[str]:
        """Return the boot ids of the other instances in the registry."""

    def met(self, boot_id: str) -> None:
        """Note an instance that sends beacons and is not registered."""

    def ended(self, boot_id: str, heard_at: float) -> None:
        """Handle the end of an instance without a goodbye, with the time of its last beacon by the
        monotonic clock."""


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
        listener: PeerListener,
        signing: Signing | None = None,
    ) -> None:
        """Create the link. `receiving` and `publishing` are two layers, because channels_redis
        makes every subscription wait for the round trip of the previous publish."""
        self.up = True
        self._publishing = publishing
        self._hub = hub
        self._polling = polling
        self._listener = listener
        self._lines = Sparing()
        self._announcements = Announcements(
            publish=self._publish_to_all,
            peers=lambda: self.peers,
        )
        wire = Wire(boot_id, signing=signing or Signing())
        self._sender = LinkSender(
            publishing,
            wire=wire,
            common_version=self._common_version,
            on_failure=self._publish_failed,
        )
        inbox = Inbox(
            boot_id=boot_id,
            wire=wire,
            instances=self,
            announcements=self._announcements,
            hub=hub,
            access=access,
            polling=polling,
            refusals=Refusals(self._lines),
        )
        self._receiver = LinkReceiver(receiving, on_message=inbox.take, is_up=lambda: self.up)
        self._peers = Peers(time.monotonic())
        self._beat_now = asyncio.Event()
        self._last_echo = time.monotonic()
        self._tasks: TaskSet[None] = TaskSet()

    @property
    def peers(self) -> frozenset[str]:
        """Return the other live instances by boot id, as far as is known; none while the link is
        down."""
        return self._peers.alive if self.up else frozenset()

    def start(self, *, connected: bool) -> None:
        """Start the link. `connected`: whether Redis has just answered."""
        self._last_echo = time.monotonic()
        self._peers = Peers(self._last_echo)
        if not connected:
            self._go_down("not connected")
        self._sender.start()
        self._tasks.start(repeat(self._beat, failed="link.beat_failed", pause=_BEAT_PAUSE))
        self._tasks.start(repeat(self._renew, failed="link.renewal_failed"))
        self._receiver.start()

    async def stop(self, *, goodbye: bool) -> None:
        """Publish the waiting messages, and close the connections. Without a goodbye the other
        instances read possibly missing changes from the store."""
        await self._announcements.stop()
        await self._tasks.stop()
        await self._sender.stop()
        await self._receiver.stop()
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._sender.finish(goodbye=goodbye)
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            logger.info("link.no_goodbye", error=describe(error))
        await self._receiver.close()
        with suppress(TimeoutError):  # do not wait for a hanging Redis
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._publishing.flush()

    # Incoming messages

    def follow(self, conversation_id: str) -> None:
        self._receiver.follow(conversation_id)

    def unfollow(self, conversation_id: str) -> None:
        self._receiver.unfollow(conversation_id)

    # Outgoing messages

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
        """Inform all instances of added or removed people. An instance that does not follow the
        conversation may have sockets of added people, or a copy with removed ones."""
        message = PeopleChanged(conversation_id=conversation_id, version=version, added=list(added))
        item = OutboundMessage(
            message=message, conversation_id=conversation_id, version=version, added=added
        )
        self._sender.send(INSTANCES, item)

    def publish_soft(self, event: SoftEvent) -> None:
        item = OutboundMessage(message=event, conversation_id=event.conversation_id)
        self._sender.send(event.conversation_id, item)

    def publish_blocks(self, conversation_id: str) -> None:
        """Inform all instances that the blocks of a direct conversation changed, which have no
        version."""
        self._publish_to_all(BlocksChanged(conversation_id=conversation_id))

    async def announce_access(self, access: Access) -> None:
        """Wait until every other instance has applied a change of access, for at most a second; not
        at all while the link is down."""
        await self._announcements.announce(access)

    def repeat(self, conversation_id: str, version: int, user_ids: Iterable[str]) -> None:
        """Report in the next beacons that this version exists, and who is in the conversation."""
        self._sender.repeat(conversation_id, version, user_ids)

    def _common_version(self) -> int:
        return self._peers.common_version(time.monotonic(), highest=VERSION)

    def _publish_to_all(self, message: LinkMessage) -> None:
        self._sender.send(INSTANCES, OutboundMessage(message=message, conversation_id=""))

    def _publish_failed(self, failures: int, reason: str) -> None:
        """Handle a failed publish. A single failure may be a connection that was closed meanwhile,
        so a beacon is tried at once."""
        if failures == 1:
            self._beat_now.set()
        elif failures >= _DOWN_FAILURES:
            self._go_down(reason)

    # Monitoring

    async def _renew(self) -> None:
        """Subscribe on a new connection if publishes succeed but nothing comes back: either
        something on the path swallows all data, or the library is still connected to a demoted
        primary."""
        await asyncio.sleep(_RENEW_SECONDS)
        if self.up or self._sender.failing:
            return
        logger.info("link.renewed")
        await self._receiver.renew()

    async def _beat(self) -> None:
        self._sender.send_beacon()
        begun = time.monotonic()
        try:
            async with asyncio.timeout(BEACON_SECONDS):
                await self._beat_now.wait()
        except TimeoutError:
            pass
        self._beat_now.clear()
        now = time.monotonic()
        if now - begun < 2 * BEACON_SECONDS:  # otherwise this process was stopped
            self._check_peers(now)
        self._hub.tidy()

    def _check_peers(self, now: float) -> None:
        if not self.up:
            return
        if now - self._last_echo > _DOWN_SECONDS:
            self._go_down("no echo")
            return
        self._peers.note_registered(self._listener.registered, now)
        ended = self._peers.pop_ended(now)
        if not ended:
            return
        self._polling.look_back(min(heard_at for _, heard_at in ended))
        unsaid = self._lines.take()
        if unsaid is not None:
            named = [boot_id for boot_id, _ in ended[:_MAX_NAMED]]
            logger.warning("link.peer_ended", boot_ids=named, ended=len(ended), unsaid=unsaid)
        for boot_id, heard_at in ended:
            self._listener.ended(boot_id, heard_at)

    def _go_down(self, reason: str) -> None:
        if self.up:
            self.up = False
            logger.warning("link.down", reason=reason)
            self._polling.link_down(self._last_echo)

    # The other instances

    def on_own_beacon(self, beacon: Beacon) -> None:
        """Handle an own beacon that came back: the link is up."""
        if not self._sender.sent_beacon(beacon.number):
            return  # not ours, or a repetition
        self._last_echo = time.monotonic()
        self._sender.came_back(beacon.commits)
        if not self.up:
            self.up = True
            logger.info("link.up")
            self._peers.link_restored(self._last_echo)
            self._polling.link_up()

    def on_beacon(self, beacon: Beacon, sender: str) -> None:
        """Handle a beacon of another instance."""
        if sender not in self._listener.registered:
            self._listener.met(sender)
        missed_since = self._peers.note_beacon(
            sender, beacon.number, time.monotonic(), reads=beacon.reads
        )
        if missed_since is not None:
            self._polling.look_back(missed_since)
            unsaid = self._lines.take()
            if unsaid is not None:
                logger.info("link.beacons_missed", boot_id=sender, unsaid=unsaid)

    def on_goodbye(self, sender: str) -> None:
        """Handle the goodbye of another instance."""
        self._peers.goodbye(sender)

    def acknowledge(self, message: AccessKnown) -> None:
        """Inform the instance that changed a person's access that the change is applied here."""
        self._publish_to_all(message)
