"""One running instance: the composition root, which builds all parts from the settings.

`config.asgi` builds the instance of a server process and passes it on in the ASGI scope. Management
commands and tests build their own. There is no global instance: code that needs one gets it as an
argument.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial

import structlog
from django.conf import settings

from messaging.attachments.attachments import Attachments
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.read_positions import ReadPositions
from messaging.commits.writer import Writer
from messaging.concurrency.tasks import TaskSet
from messaging.deletions.deletions import Deletions
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.privacy import PrivacyList
from messaging.delivery.hub.profiles import ProfileList
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.delivery.link.links import AnyLink
from messaging.delivery.link.polling import Polling
from messaging.delivery.pace import Pace
from messaging.delivery.publisher import Publisher
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.people import Access
from messaging.followers.following import Following
from messaging.moderation.moderation import Moderation
from messaging.notifications.badges import Badges
from messaging.notifications.options import get_options
from messaging.notifications.parts import Parts
from messaging.notifications.receivers import Notifications
from messaging.personal_data.placement import make_jobs
from messaging.positions.acknowledged import Acknowledgements
from messaging.positions.delivered import DeliveredPositions
from messaging.presence.presence import Presence
from messaging.presence.reachable import Reachable
from messaging.presence.watchers import PresenceWatch
from messaging.redis.client import make_redis
from messaging.redis.rate_limits import Rates
from messaging.runtime.commit_events import CommitEvents
from messaging.runtime.configured_link import configured_link
from messaging.runtime.degradation import Degradation
from messaging.runtime.figures import LiveFigures, Status
from messaging.runtime.lifecycle import Lifecycle, Part
from messaging.runtime.peer_events import PeerEvents
from messaging.runtime.readiness import Readiness
from messaging.runtime.restored_store import RestoredStore, SwitchedStore
from messaging.runtime.service_history import ServiceHistory
from messaging.runtime.shutdown import Shutdown
from messaging.runtime.signal_sender import SignalSender
from messaging.runtime.store_turns import StoreTurns
from messaging.search.index import make_search_index
from messaging.stores.database.moderation import ModerationStore
from messaging.stores.database.service_accounts import ServiceAccountStore
from messaging.stores.switching.placement import make_store_watch
from messaging.webhooks.hints import HintList
from messaging.webhooks.placement import make_webhooks
from messaging.wire.events import EventEncoder

logger = structlog.get_logger(__name__)


class Instance:
    """An instance. Its `start`, `stop` and `close` belong to the loop that serves."""

    def __init__(self) -> None:
        self.id, self.boot_id = str(settings.INSTANCE_ID), secrets.token_hex(8)
        self.events, self.turns = EventEncoder(self.id, self.boot_id), StoreTurns()
        self._build_stores()
        self._build_delivery()
        self._build_presence()
        self._build_link()
        self._build_commits()
        self.notifications = Notifications(
            Parts(
                store=self.store,
                recipients=self.recipients,
                decisions=self.decisions,
                acknowledged=self.acknowledged,
                badges=self.badges,
                profiles=self.profiles,
                sender=self,
            ),
            presence=self.presence,
            host=self,
        )
        self.figures, self.readiness = LiveFigures(self._redis, self._status), Readiness(self.store)
        self._made_at, self.jobs = time.monotonic(), make_jobs(self, self._redis)
        self._shutdown = Shutdown(
            connections=self.hub.connections,
            events=self.events,
            writer=self.writer,
            read_positions=self.read_positions,
            background=self.background,
        )
        self._lifecycle = Lifecycle(
            start_parts=self._start_parts, close_parts=self._close_parts, shutdown=self._shutdown
        )

    def _build_stores(self) -> None:
        self.store_watch = make_store_watch(self.id, self.boot_id)
        stores = self.stores = self.store_watch.stores
        self.store = stores.conversations
        self.people, self.recipients = stores.people, stores.recipients
        self.decisions, self.catalogue = stores.decisions, stores.catalogue
        self.database, self._index, self.reports = stores.database, stores.index, stores.reports
        self.moderation = Moderation(ModerationStore(self.database))
        self.service_accounts = ServiceAccountStore(self.database)
        self.service_history = ServiceHistory(self.service_accounts)
        self.attachments = Attachments(self.store, self.reports)
        self.deletions = Deletions(stores, self.attachments, decisions_kept=get_options().kept_time)
        self.cache, self.read_positions = ConversationCache(), ReadPositions(self.store)
        self._redis = make_redis(settings.REDIS)
        self.rates, self.local_rates = Rates(self._redis), Rates(None)  # of all; of this process

    def _build_delivery(self) -> None:
        self.hub = Hub(store=self.store, cache=self.cache, events=self.events)
        self.privacy, self.profiles = PrivacyList(self.people), ProfileList(self.people)
        self.hub.copies = (self.privacy, self.profiles)
        self.access = AccessList(store=self.people, connections=self.hub.connections)
        self.delivered = DeliveredPositions(self.store, self._redis, barred=self.access.bars)
        self.access.when_erased(self.delivered.forget)
        self.acknowledged = Acknowledgements(self._redis)
        self.pace, self.badges = Pace(), Badges(self._redis)

    def _build_presence(self) -> None:
        self.presence = Presence(self.hub.connections, self._redis, boot_id=self.boot_id)
        self.reachable = Reachable(self.recipients)
        self.presence_watch = PresenceWatch(
            hub=self.hub,
            presence=self.presence,
            reachable=self.reachable,
            privacy=self.privacy,
            events=self.events,
        )

    def _build_link(self) -> None:
        self.background: TaskSet[None] = TaskSet()
        self.signals = SignalSender(self, self.background)
        self.webhook_hints = HintList()
        restored = RestoredStore(
            store=self.store,
            hub=self.hub,
            caches=(self.cache, self.access, *self.hub.copies, self.pace, self.webhook_hints),
            shared=(self.delivered, self.acknowledged),
            background=self.background,
        )
        self.epochs = EpochWatch(epochs=self.stores.epochs, store=self.store, listener=restored)
        degradation = Degradation(hub=self.hub, epochs=self.epochs, events=self.events)
        self.polling = Polling(
            store=self.store,
            people=self.people,
            hub=self.hub,
            access=self.access,
            boot_id=self.boot_id,
            on_change=degradation.changed,
        )
        peer_events = PeerEvents(
            presence=self.presence,
            polling=self.polling,
            epochs=self.epochs,
            signals=self.signals,
            background=self.background,
        )
        self.link = configured_link(
            hub=self.hub,
            polling=self.polling,
            access=self.access,
            boot_id=self.boot_id,
            listener=peer_events,
        )
        self.publisher = Publisher(hub=self.hub, link=self.link, events=self.events)

    def _build_commits(self) -> None:
        self.following = Following(
            store=self.store, epochs=self.epochs, calls=self._index, owner=self.boot_id
        )
        self.search = make_search_index(self._index, self.following)
        self.webhooks = make_webhooks(self)
        commit_events = CommitEvents(
            publisher=self.publisher,
            hub=self.hub,
            link=self.link,
            signals=self.signals,
            store=self.store,
            following=self.following,
            webhooks=self.webhooks,
            background=self.background,
        )
        self.unsettled_commits = commit_events.unsettled
        self.store_watch.on_switch = SwitchedStore(self.cache, self.polling, self.epochs).switched
        self.writer = Writer(self.store, self.cache, commit_events)

    @property
    def degraded(self) -> bool:
        """Return whether events of other instances do not arrive here."""
        return self.polling.degraded

    @property
    def isolated(self) -> bool:
        """Return whether other processes cannot see what happens here, without Redis."""
        return self.link is None or self.degraded

    @property
    def draining(self) -> bool:
        """Return whether it is shutting down, so that clients should connect elsewhere."""
        return self._shutdown.begun

    @property
    def started(self) -> bool:
        return self._lifecycle.started

    async def start(self) -> None:
        """Start the background work, see `Lifecycle.start`."""
        await self._lifecycle.start()

    async def drain(self) -> None:
        """Make all clients reconnect elsewhere, see `Shutdown.drain`."""
        await self._shutdown.drain()

    async def stop(self) -> None:
        """Drain, finish the work in progress, stop the parts and close, see `Lifecycle.stop`."""
        await self._lifecycle.stop()

    async def close(self) -> None:
        """Close the store and Redis, also of an instance that was not started."""
        await self._lifecycle.close()

    async def apply_access(self, access: Access) -> None:
        """Apply a stored change of access, also on each instance that answers within a second."""
        self.access.learn(access)
        if self.link is not None:
            await self.link.announce_access(access)

    async def _start_parts(self, stack: AsyncExitStack) -> None:
        """Start the parts. They stop in the reverse order, by this stack."""

        def at_stop(
            name: str, stop: Callable[[], Awaitable[object]], *, last: bool = False
        ) -> None:
            stack.push_async_callback(self._shutdown.stop_part, name, stop, last=last)

        def start(name: str, part: Part, *, last: bool = False) -> None:
            part.start()
            at_stop(name, part.stop, last=last)

        await self.store_watch.start("instance")
        at_stop("store_watch", self.store_watch.stop, last=True)
        at_stop("background", self.background.stop, last=True)
        start("hub", self.hub, last=True)
        at_stop("unsettled_commits", self.unsettled_commits.stop, last=True)
        at_stop("access", self.access.stop, last=True)
        if self.link is not None:
            # Before presence, so that it stops after presence: a process that reads the registry
            # after the goodbye must not find this instance there.
            at_stop("polling", self.polling.stop, last=True)
            at_stop("link", partial(self._stop_link, self.link), last=True)
        # Before the first commit, so that the other instances know of this one. If it ends before
        # they get that commit, they look for it.
        registered = await self.presence.start()
        at_stop("presence", self.presence.stop)
        start("delivered", self.delivered)
        start("acknowledged", self.acknowledged)
        at_stop("pace", self.pace.stop)
        at_stop("presence_watch", self.presence_watch.stop)
        self.figures.start(role="instance")
        at_stop("figures", self.figures.stop)
        start("attachments", self.attachments)
        start("deletions", self.deletions)
        await self.moderation.start()
        at_stop("moderation", self.moderation.stop)
        start("service_history", self.service_history)
        start("following", self.following)
        start("epochs", self.epochs)
        if self.link is not None:
            self.link.start(connected=registered)
            self.polling.start()
            if not registered:
                with suppress(StoreUnavailable):
                    await self.polling.write_note()
        try:
            self.notifications.start()
        except Exception:  # connected people can still chat
            logger.exception("notifications.start_failed")
        at_stop("notifications", self.notifications.stop)
        start("webhooks", self.webhooks)
        start("jobs", self.jobs)
        logger.info("instance.started", boot_id=self.boot_id, redis=self.link is not None)

    async def _close_parts(self) -> None:
        try:
            await self.background.stop()
            await self.attachments.close()
            if self._redis is not None:
                await self._redis.aclose()
        finally:
            await self.stores.close()

    async def _stop_link(self, link: AnyLink) -> None:
        """Stop the link. Without a goodbye, the other instances look for commits that may still be
        applied, and for unfinished work."""
        unfinished = self.unsettled_commits or self.background
        await link.stop(goodbye=self._shutdown.complete and not unfinished)

    def _status(self) -> Status:
        return Status(
            instance_id=self.id,
            boot_id=self.boot_id,
            uptime=time.monotonic() - self._made_at,
            link=self.polling.state.value if self.link is not None and self.started else "unused",
            draining=self.draining,
        )
