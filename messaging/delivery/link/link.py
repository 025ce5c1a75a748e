"""The link to the other instances: publishes the commits of this one, and monitors itself.

The link is down if its own beacon has not come back for three seconds, or two publishes have failed
in a row, whatever state the client library reports. While it is down `polling` reads the store
instead. `sender` publishes, `receiver` receives, `inbox` handles messages, `instances.watch` knows
the other instances.

Not promised: a published message may not arrive. The hubs find missing versions by number, and by
the beacon if nothing follows.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
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
from messaging.delivery.link.encoding import Wire
from messaging.delivery.link.inbox import Inbox
from messaging.delivery.link.instances.watch import MAX_BEACONS, InstanceWatch, PeerListener
from messaging.delivery.link.messages import (
    AccessKnown,
    Beacon,
    BlocksChanged,
    LinkMessage,
    PeopleChanged,
)
from messaging.delivery.link.polling import MissedEvents
from messaging.delivery.link.receiver import LinkReceiver, Subscriptions
from messaging.delivery.link.refused_messages import Refusals
from messaging.delivery.link.send_queue import OutboundMessage
from messaging.delivery.link.sender import INSTANCES, LinkSender, PublishingLayer, group_of
from messaging.delivery.link.signing import Signing
from messaging.domain.people import Access
from messaging.instruments.log_sampling import Sparing
from messaging.instruments.metrics import LINK_ADDRESS_UP
from messaging.redis import raw_layer  # noqa: F401 - registers the serializer
from messaging.redis.beats import Beats
from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

_DOWN_SECONDS = 3.0
_DOWN_FAILURES = 2
_RENEW_SECONDS = 4.0
_BEAT_PAUSE = 0.1
_GOODBYE_SECONDS = 1.0


class ClosableLayer(PublishingLayer, Protocol):
    """The part of a Channels layer that is used here (its public interface)."""

    async def flush(self) -> None: ...


class Link:
    def __init__(
        self,
        *,
        receiving: Subscriptions,
        publishing: ClosableLayer,
        hub: Hub,
        polling: MissedEvents,
        access: AccessList,
        boot_id: str,
        listener: PeerListener,
        signing: Signing | None = None,
        beats: Beats | None = None,
        max_beacons: int = MAX_BEACONS,
        address: str = "",
    ) -> None:
        """Create the link. `receiving` has a connection of its own: the layer would make every
        subscription wait for the round trip of the previous publish.

        Among more than `max_beacons` instances, beacons go to their sender alone; this needs
        `beats`. `address` names the Redis in the log and the metrics."""
        self.up = True
        self._address = address
        self._publishing = publishing
        self._polling = polling
        lines = Sparing()
        self._announcements = Announcements(publish=self._publish_to_all, peers=lambda: self.peers)
        self._watch = InstanceWatch(
            listener=listener,
            look_back=polling.look_back,
            lines=lines,
            beats=beats,
            max_beacons=max_beacons,
        )
        wire, own_group = Wire(boot_id, signing=signing or Signing()), group_of(boot_id)
        self._sender = LinkSender(
            publishing,
            wire=wire,
            own_group=own_group,
            common_version=self._watch.common_version,
            on_failure=self._publish_failed,
            instances=lambda: self._watch.count,
        )
        inbox = Inbox(
            boot_id=boot_id,
            wire=wire,
            own=self,
            instances=self._watch,
            announcements=self._announcements,
            hub=hub,
            access=access,
            polling=polling,
            refusals=Refusals(lines),
        )
        self._receiver = LinkReceiver(
            receiving, own_group=own_group, on_message=inbox.take, is_up=lambda: self.up
        )
        self._beat_now = asyncio.Event()
        self._last_echo = time.monotonic()
        self._tasks: TaskSet[None] = TaskSet()

    @property
    def peers(self) -> frozenset[str]:
        """Return the other live instances by boot id, as far as is known; none while the link is
        down."""
        return self._watch.alive if self.up else frozenset()

    @property
    def down_addresses(self) -> Sequence[str]:
        """Return the own address while no events arrive through it."""
        return [] if self.up else [self._address]

    @property
    def use_other_addresses(self) -> bool:
        """Return whether another instance uses other Redis addresses."""
        return self._watch.use_other_addresses

    @property
    def waiting_characters(self) -> int:
        """Return the approximate size of the messages that wait for a publish."""
        return self._sender.characters()

    def start(self, *, connected: bool) -> None:
        """Start the link. `connected`: whether Redis has just answered."""
        self._last_echo = time.monotonic()
        self._watch.start(self._last_echo)
        self._show()
        if not connected:
            self._go_down("not connected")
        self._sender.start()
        self._tasks.start(repeat(self._beat, failed="link.beat_failed", pause=_BEAT_PAUSE))
        self._tasks.start(repeat(self._beat_in_redis, failed="link.beat_failed"))
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
                if goodbye:
                    await self._watch.leave()
        except Exception as error:  # noqa: BLE001 - a layer may raise anything
            logger.info("link.no_goodbye", error=describe(error))
        await self._receiver.close()
        await self._watch.close()
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

    async def _beat_in_redis(self) -> None:
        await self._watch.beat()
        await asyncio.sleep(BEACON_SECONDS)

    async def _beat(self) -> None:
        self._sender.send_beacon(to_all=self._watch.needs_beacon())
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

    def _check_peers(self, now: float) -> None:
        if not self.up:
            return
        if now - self._last_echo > _DOWN_SECONDS:
            self._go_down("no echo")
            return
        self._watch.check(now)

    def _go_down(self, reason: str) -> None:
        if self.up:
            self.up = False
            self._show()
            logger.warning("link.down", reason=reason, address=self._address)
            self._polling.link_down(self._last_echo)

    def on_own_beacon(self, beacon: Beacon) -> None:
        """Handle an own beacon that came back: the link is up."""
        if not self._sender.sent_beacon(beacon.echo):
            return  # not ours, or a repetition
        self._last_echo = time.monotonic()
        self._sender.came_back(beacon.commits)
        if not self.up:
            self.up = True
            self._show()
            logger.info("link.up", address=self._address)
            self._watch.link_restored(self._last_echo)
            self._polling.link_up()

    def acknowledge(self, message: AccessKnown) -> None:
        """Inform the instance that changed a person's access that the change is applied here."""
        if self._watch.quiet:
            item = OutboundMessage(message=message, conversation_id="")
            self._sender.send(group_of(message.to), item)
        else:
            self._publish_to_all(message)

    def _show(self) -> None:
        if self._address:
            LINK_ADDRESS_UP.labels(self._address).set(self.up)
