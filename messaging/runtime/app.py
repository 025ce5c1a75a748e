"""One running instance: its parts, put together from the settings, started and stopped together.

There is one per process. It starts by itself at the first request or connection, inside the
event loop that serves them.
"""

import asyncio
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog
from channels.layers import DEFAULT_CHANNEL_LAYER, channel_layers
from django.conf import settings
from django.dispatch import Signal

from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.group_commit import Committed
from messaging.commits.read_positions import ReadPositions
from messaging.commits.unsettled_commits import UnsettledCommits
from messaging.commits.writer import Writer
from messaging.concurrency.tasks import start_task
from messaging.concurrency.turns import Turns
from messaging.delivery.drain import announce_end, end_all
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.privacy import PrivacyList
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.delivery.link.link import Link
from messaging.delivery.link.polling import Polling
from messaging.delivery.link.signing import Mode, Signing
from messaging.delivery.pace import Pace
from messaging.delivery.publisher import Publisher
from messaging.domain.change import ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.domain.people import Access
from messaging.domain.signals import (
    instance_lost,
    instance_started,
    instance_stopping,
    message_deleted,
    message_sent,
    participants_removed,
)
from messaging.instruments.metrics import MESSAGES
from messaging.notifications.badges import Badges
from messaging.positions.acknowledged import Acknowledgements
from messaging.positions.delivered import DeliveredPositions
from messaging.presence.presence import Presence
from messaging.presence.reachable import Reachable
from messaging.presence.watchers import PresenceWatch
from messaging.redis.client import make_redis
from messaging.redis.rate_limits import Rates
from messaging.runtime.admission import Admission
from messaging.runtime.figures import LiveFigures, Status
from messaging.runtime.readiness import Readiness
from messaging.stores import make_stores
from messaging.stores.epochs import Epoch
from messaging.wire.events import EventEncoder, EventType

logger = structlog.get_logger(__name__)

_DRAIN_SECONDS = 10.0
"""From being told to end until everything is given back, however much is under way."""
_RETRY_SECONDS = 1.0
_LAST_SECONDS = 1.0
_WORK_SECONDS = 3.0
_SIGNALLED = frozenset(
    {ChangeType.MESSAGE_CREATED, ChangeType.MESSAGE_DELETED, ChangeType.PARTICIPANT_REMOVED}
)
_PLACES = 16
"""For those who connect and as many for those who sync: together what one instance reads of the
store at once, while thousands come back."""


class Instance:
    def __init__(self) -> None:
        self.id: str = settings.INSTANCE_ID
        self.boot_id = secrets.token_hex(8)
        self.events = EventEncoder(self.id, self.boot_id)
        stores = make_stores()
        self.store = stores.conversations
        self.people = stores.people
        self.recipients = stores.recipients
        self.decisions = stores.decisions
        self.catalogue = stores.catalogue
        self.reports = stores.reports
        self.cache = ConversationCache()
        self.read_positions = ReadPositions(self.store)
        # Apart, so that whoever wants to come in does not hold up those who are here.
        self.connecting, self.syncing = Admission(_PLACES), Admission(_PLACES)
        self.own_reads = Turns(places=1, most_waiting=16, patience=4.0, rests=False)
        self.hub = Hub(store=self.store, cache=self.cache, events=self.events)
        self.privacy = self.hub.privacy = PrivacyList(self.people)
        self.access = AccessList(store=self.people, connections=self.hub.connections)
        self._redis = make_redis(settings.REDIS)
        self.rates = Rates(self._redis)
        self.local_rates = Rates(None)
        """Of what concerns this process alone."""
        self.presence = Presence(self.hub.connections, self._redis, boot_id=self.boot_id)
        self.epochs = EpochWatch(
            epochs=stores.epochs,
            store=self.store,
            heard_of=lambda: self.hub.last_changed,
            on_learned=self._epoch_learned,
            on_changed=self._epoch_changed,
        )
        self.polling = Polling(
            store=self.store,
            people=self.people,
            hub=self.hub,
            access=self.access,
            boot_id=self.boot_id,
            on_change=self._degraded,
        )
        self.link: Link | None = None
        if settings.REDIS is not None:
            self.link = self._make_link()
            self.hub.attach(self.link)
        self.delivered = DeliveredPositions(self.store, self._redis)
        self.acknowledged = Acknowledgements(self._redis)
        self.pace = Pace()
        self.rung = Badges(self._redis)
        self.reachable = Reachable(self.recipients)
        self.presence_watch = PresenceWatch(
            hub=self.hub,
            presence=self.presence,
            reachable=self.reachable,
            privacy=self.privacy,
            events=self.events,
        )
        self.figures = LiveFigures(self._redis, self._status)
        self.doubts = UnsettledCommits(timeout=self.store.timeout, on_found=self._found_after_all)
        self.publisher = Publisher(hub=self.hub, link=self.link, events=self.events)
        self.writer = Writer(
            self.store,
            self.cache,
            on_commit=self._committed,
            on_read=lambda conversation: self.hub.note_version(
                conversation.id, conversation.version
            ),
            on_doubt=self.doubts.add,
        )
        self.readiness = Readiness(self.store)
        self._made_at = time.monotonic()
        self.dependencies: dict[str, Callable[[], Condition]] = {}
        """What else tells of its condition, by name; notifications add themselves."""
        self.started_at: float | None = None
        self._starting: asyncio.Task[None] | None = None
        self.draining = False
        """Whether it is about to end, and everybody should go elsewhere."""
        self._ends_at = math.inf
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def degraded(self) -> bool:
        """Whether events of other instances do not come here."""
        return self.polling.degraded

    async def start(self) -> None:
        """Start whatever runs beside the requests. Again does nothing, unless it failed."""
        if self._starting is None or (self._starting.done() and self._starting.exception()):
            self._starting = start_task(self._start())
        if not self._starting.done():
            await asyncio.shield(self._starting)

    async def _start(self) -> None:
        self.started_at = time.monotonic()
        self.epochs.start()
        self.delivered.start()
        self.acknowledged.start()
        self.figures.start(role="instance")
        # Before the first commit the others can know of this instance: should it end before they
        # have heard of that commit, they look for it.
        registered = await self.presence.start()
        if self.link is not None:
            self.link.start(connected=registered)
            self.polling.start()
            if not registered:
                with suppress(StoreUnavailable):
                    await self.polling.write_note()
        await instance_started.asend_robust(sender=Instance, instance=self)
        logger.info("instance.started", boot_id=self.boot_id, redis=self.link is not None)

    async def apply_access(self, access: Access) -> None:
        """Somebody's access was changed in the store: return once their sockets are closed, on
        every instance that can be reached within a second."""
        self.access.learn(access)
        if self.link is not None:
            await self.link.announce_access(access)

    async def drain(self) -> None:
        """Send everybody elsewhere, and return when they are gone, or a second before the time is
        over: what is under way is finished first. Doing it again does nothing."""
        if self.draining:
            return
        self.draining = True
        self._ends_at = time.monotonic() + _DRAIN_SECONDS
        connections = self.hub.connections
        logger.info("instance.draining", connections=len(connections))
        await announce_end(connections, self.events)
        await self._finish_work(_WORK_SECONDS)
        await end_all(connections, seconds=self._ends_at - time.monotonic() - _LAST_SECONDS)

    async def stop(self) -> None:
        """Drain, finish what is under way, and give everything back."""
        if self.started_at is None:
            return
        await self.drain()
        all_finished = await self._finish_work(self._seconds_left)
        try:
            async with asyncio.timeout(self._seconds_left):
                answers = await instance_stopping.asend_robust(sender=Instance, instance=self)
            for _, answer in answers:
                if answer is False or isinstance(answer, Exception):
                    all_finished = False
        except TimeoutError:
            all_finished = False
            logger.warning("instance.stopping_incomplete")
        await self.epochs.stop()
        await self.figures.stop()
        await self.presence_watch.stop()
        await self.pace.stop(seconds=self._seconds_left)
        await self.acknowledged.stop()
        await self.delivered.stop()
        await self.presence.stop()
        if self._redis is not None:
            await self._redis.aclose()
        if self.link is not None:
            # Without a goodbye the others look for what may be applied yet, or was left undone.
            await self.link.stop(goodbye=all_finished and not self.doubts)
            await self.polling.stop()
        await self.access.stop()
        await self.doubts.stop()
        await self.hub.stop()
        await self.store.close()
        self.started_at = self._starting = None
        logger.info("instance.stopped")

    async def close(self) -> None:
        """Give back what was used without a start, as the notification worker does."""
        await self.epochs.stop()
        await self.figures.stop()
        if self._redis is not None:
            await self._redis.aclose()
        await self.store.close()

    @property
    def _seconds_left(self) -> float:
        """Until the drain's time is over; a second at least for whatever comes last."""
        return max(self._ends_at - time.monotonic(), _LAST_SECONDS)

    async def _finish_work(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.writer.drain()
                await self.read_positions.drain()
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            logger.warning("instance.work_incomplete")
            return False
        return True

    def _committed(self, committed: Committed) -> None:
        """Every commit passes here, in order, before its requests are answered."""
        self.publisher.publish_commit(committed)
        changes = Counter(change.type for change in committed.changes)
        logger.debug(
            "conversation.committed",
            conversation_id=committed.conversation.id,
            version=committed.conversation.version,
            changes={kind.value: count for kind, count in changes.items()},
        )
        if sent := changes[ChangeType.MESSAGE_CREATED]:
            MESSAGES.inc(sent)
        if any(change.type in _SIGNALLED for change in committed.changes):
            self._background(_signal(committed))

    def _make_link(self) -> Link:
        """Two layers of the same kind: one receives, one publishes."""
        return Link(
            receiving=channel_layers.make_backend(DEFAULT_CHANNEL_LAYER),
            publishing=channel_layers.make_backend(DEFAULT_CHANNEL_LAYER),
            hub=self.hub,
            polling=self.polling,
            access=self.access,
            boot_id=self.boot_id,
            registered=lambda: self.presence.registered,
            on_met=self._met,
            on_ended=self._peer_ended,
            signing=Signing(Mode(settings.CHAT_LINK_SIGNATURES), settings.CHAT_LINK_KEYS),
        )

    def _degraded(self, degraded: bool) -> None:
        """Clients load the receipts again at the end: nobody replays those."""
        self.privacy.degraded = degraded
        if degraded:
            self.hub.sessions.invalidate_lists()
        else:
            self.hub.sessions.revalidate_lists()
            self.privacy.clear()
            self.epochs.look_soon()
        kind = EventType.DEGRADED if degraded else EventType.RESTORED
        self.hub.broadcast(self.events.soft(kind, {}))

    def _met(self, boot_id: str) -> None:
        if self.presence.met(boot_id):
            self.epochs.look_soon()

    def _epoch_learned(self, epoch: Epoch) -> None:
        self.delivered.use_epoch(epoch)
        self.acknowledged.use_epoch(epoch)

    def _epoch_changed(self, epoch: Epoch) -> None:
        """The store was restored. Keep nothing from before, and end all sockets: their clients
        come back, see the new epoch and load everything anew."""
        self.store.witness.forget()
        self.cache.clear()
        self.access.clear()
        self.privacy.clear()
        self.delivered.clear()
        self.acknowledged.clear()
        self.pace.clear()
        self._epoch_learned(epoch)
        self.hub.forget_everything()
        self._background(self._limit_positions())

    async def _limit_positions(self) -> None:
        """Move back the positions that this instance wrote while it did not know of the restore,
        and once more those whose writes were under way."""
        for seconds in (0.0, self.store.timeout):
            await asyncio.sleep(seconds)
            for conversation_id, user_ids in self.store.witness.pop_positions().items():
                await self._limit_in(conversation_id, user_ids)

    async def _limit_in(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        while True:
            try:
                conversation = await self.store.get_conversation(conversation_id)
                if conversation is not None:
                    for user_id in user_ids:
                        await self.store.limit_position(conversation_id, user_id, conversation.seq)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _peer_ended(self, boot_id: str, heard_at: float) -> None:
        self._background(self._signal_lost(boot_id, heard_at))

    async def _signal_lost(self, boot_id: str, heard_at: float) -> None:
        while True:
            try:
                since = await self.polling.bound(heard_at)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await _tell(instance_lost, boot_id=boot_id, since=since)
                return

    def _found_after_all(self, conversation: Conversation) -> None:
        self.hub.on_polled_state(conversation)
        if self.link is not None:
            self.link.repeat(conversation.id, conversation.version, conversation.participants)

    def _status(self) -> Status:
        return Status(
            instance_id=self.id,
            boot_id=self.boot_id,
            uptime=time.monotonic() - self._made_at,
            link=self.polling.state.value
            if self.link is not None and self.started_at is not None
            else "unused",
            draining=self.draining,
        )

    def tell(self, signal: Signal, **arguments: Any) -> None:
        """Send a signal in the background."""
        self._background(_tell(signal, **arguments))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _signal(committed: Committed) -> None:
    conversation = committed.conversation
    for change in committed.changes:
        match change.type:
            case ChangeType.MESSAGE_CREATED:
                await _tell(message_sent, message=change.message, conversation=conversation)
            case ChangeType.MESSAGE_DELETED:
                await _tell(message_deleted, message=change.message, conversation=conversation)
            case ChangeType.PARTICIPANT_REMOVED:
                user_ids = [person.user_id for person in change.participants]
                await _tell(participants_removed, user_ids=user_ids, conversation=conversation)


async def _tell(signal: Signal, **arguments: Any) -> None:
    for receiver, answer in await signal.asend_robust(sender=Instance, **arguments):
        if isinstance(answer, Exception):
            logger.error("signal.receiver_failed", receiver=repr(receiver), exc_info=answer)


_instance: Instance | None = None


def get_instance() -> Instance:
    """The instance of this process."""
    global _instance  # noqa: PLW0603 - one per process is what it is
    if _instance is None:
        _instance = Instance()
    return _instance


async def reset_instance() -> None:
    """Stop the instance of this process and forget it: the next one is made from the settings."""
    global _instance  # noqa: PLW0603
    if _instance is not None:
        await _instance.stop()
        _instance = None
