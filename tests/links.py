"""Instances as far as delivery goes: hubs and links on one store, joined by a real Redis."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from messaging.changes.change import ConversationChange
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.privacy import PrivacyList
from messaging.delivery.hub.revocation import AccessList
from messaging.delivery.link import link as link_module
from messaging.delivery.link import polling as polling_module
from messaging.delivery.link import receiver as receiver_module
from messaging.delivery.link.encoding import VERSION
from messaging.delivery.link.instances import peers as peers_module
from messaging.delivery.link.instances import watch as watch_module
from messaging.delivery.link.instances.watch import MAX_BEACONS, PeerListener
from messaging.delivery.link.link import Link
from messaging.delivery.link.links import AnyLink, Links
from messaging.delivery.link.polling import MissedEvents, Polling
from messaging.delivery.link.signing import Signing
from messaging.delivery.publisher import Publisher
from messaging.domain.conversation import Conversation
from messaging.redis import beats as beats_module
from messaging.redis.beats import Beating, Beats
from messaging.redis.client import make_redis
from messaging.redis.hosts import digest_of
from messaging.redis.raw_layer import FORMAT
from messaging.redis.subscriber import Subscriber
from messaging.stores.sql.people import SqlPeopleStore
from messaging.stores.sql.store import SqlStore
from messaging.wire.events import EventEncoder
from tests.commits import CommitLog
from tests.frames import read_frame
from tests.outlets import SIGNED_IN_AT, Outlet, make_connection
from tests.unit.messaging import new_group

Frame = dict[str, Any]
PATIENCE = 30


class LossyLayer:
    """The real layer and the real subscriber. They lose what they are told to, and can be cut
    off."""

    def __init__(self, host: Mapping[str, Any], prefix: str) -> None:
        self.prefix = prefix
        self._layer = RedisPubSubChannelLayer(hosts=[host], prefix=prefix, serializer_format=FORMAT)
        self._subscriber = Subscriber(host, prefix=prefix)
        self.group_add = self._subscriber.group_add
        self.group_discard = self._subscriber.group_discard
        self.loses: Callable[[Mapping[str, Any]], bool] = lambda item: False
        self.cut = False
        self.received = 0
        self.deaf_to: set[str] = set()
        """The boot ids of the instances whose messages do not arrive here."""
        self.published: deque[tuple[str, bytes]] = deque(maxlen=500)
        """The latest that went out, and on which group."""

    async def flush(self) -> None:
        await self._subscriber.flush()
        await self._layer.flush()

    async def receive(self) -> Mapping[str, Any]:
        while True:
            message = await self._subscriber.receive()
            self.received += 1
            if not self.cut and not self._is_deaf_to(message):
                return message

    def _is_deaf_to(self, message: Mapping[str, Any]) -> bool:
        """Only where somebody is not to be heard: hostile messages cannot be decoded."""
        if not self.deaf_to:
            return False
        return msgspec.msgpack.decode(message["data"])["from"] in self.deaf_to

    async def publish(self, group: str, data: bytes) -> None:
        """What somebody else publishes, byte by byte."""
        await self._layer.group_send(group, {"data": data})

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if self.cut:
            raise ConnectionError
        kept = without(message["data"], self.loses)
        if kept is not None:
            self.published.append((group, kept))
            await self._layer.group_send(group, {"data": kept})


def without(data: bytes, loses: Callable[[Mapping[str, Any]], bool]) -> bytes | None:
    """A message of the link less some of its items; None where nothing is left."""
    outer = msgspec.msgpack.decode(data)
    inner = msgspec.msgpack.decode(outer["body"]) if "body" in outer else outer
    kept = [item for item in inner["items"] if not loses(item)]
    if len(kept) == len(inner["items"]):
        return data
    if not kept:
        return None
    inner["items"] = kept
    if inner is outer:
        return msgspec.msgpack.encode(outer)
    body = msgspec.msgpack.encode(inner)
    digest = hashlib.sha256(body).digest()
    return msgspec.msgpack.encode({**outer, "body": body, "digest": digest})


class Heard:
    """What a side hears of the others, in queues."""

    def __init__(self, side: "Side") -> None:
        self._side = side

    @property
    def registered(self) -> list[str]:
        return self._side.registry

    def met(self, boot_id: str) -> None:
        self._side.met.put_nowait(boot_id)

    def ended(self, boot_id: str, heard_at: float) -> None:
        self._side.ended.put_nowait(boot_id)


class Side:
    """One instance: its own layer, hub, link, polls and writer, on the store of both."""

    def __init__(
        self,
        host: str | Mapping[str, Any],
        store: SqlStore,
        prefix: str,
        *,
        signing: Signing | None = None,
        max_beacons: int = MAX_BEACONS,
        more_hosts: Sequence[str] = (),
    ) -> None:
        """`max_beacons`: among more instances than that, beacons go to their sender alone.
        `more_hosts`: further addresses of Redis."""
        self.boot_id = uuid4().hex
        self.events = EventEncoder(f"instance-{self.boot_id}", self.boot_id)
        self.cache = ConversationCache()
        self.store = store
        self.degraded: asyncio.Queue[bool] = asyncio.Queue()
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        self.met: asyncio.Queue[str] = asyncio.Queue()
        self.registry: list[str] = []
        hosts = [_host(each) for each in (host, *more_hosts)]
        self.layers = [LossyLayer(each, prefix) for each in hosts]
        self.layer = self.layers[0]
        self.hub = Hub(store=store, cache=self.cache, events=self.events)
        self.people = SqlPeopleStore(store)
        self.privacy = PrivacyList(self.people)
        self.hub.copies = (self.privacy,)
        self.access = AccessList(store=self.people, connections=self.hub.connections)
        self.polling = Polling(
            store=store,
            people=self.people,
            hub=self.hub,
            access=self.access,
            boot_id=self.boot_id,
            on_change=self.degraded.put_nowait,
        )

        own = Beating(reads=VERSION, addresses=digest_of(hosts))
        key = f"chat:beats:{prefix}"

        def make(number: int, polling: MissedEvents, listener: PeerListener) -> Link:
            return Link(
                receiving=self.layers[number],
                publishing=self.layers[number],
                hub=self.hub,
                polling=polling,
                access=self.access,
                boot_id=self.boot_id,
                listener=listener,
                signing=signing,
                beats=Beats(make_redis(hosts[number]), boot_id=self.boot_id, own=own, key=key),
                max_beacons=max_beacons,
                address=f"address-{number}",
            )

        self.link: AnyLink = (
            Links(make, count=len(hosts), polling=self.polling, listener=Heard(self))
            if more_hosts
            else make(0, self.polling, Heard(self))
        )
        self.hub.attach(self.link)
        self.publisher = Publisher(hub=self.hub, link=self.link, events=self.events)
        self._writer = Writer(store, self.cache, CommitLog(self.publisher.publish_commit))

    def start(self, *, connected: bool = True) -> None:
        self.link.start(connected=connected)
        self.polling.start()

    async def becomes_degraded(self, degraded: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            assert await self.degraded.get() is degraded

    async def commit(self, conversation: Conversation, act: ConversationChange) -> None:
        await self._writer.submit(conversation.id, act)

    async def found(self, *user_ids: str) -> Conversation:
        conversation = await self.store.create_conversation(new_group(*user_ids))
        self.publisher.publish_founded(conversation)
        return conversation

    async def forgets(self, conversation: Conversation) -> None:
        """Wait until there is no copy of it here."""
        async with asyncio.timeout(PATIENCE):
            while self.cache.get(conversation.id) is not None:
                await asyncio.sleep(0.01)

    async def connect(self, user_id: str, *, signed_in_at: datetime = SIGNED_IN_AT) -> "Socket":
        socket = Socket(user_id, signed_in_at)
        places = await self.store.list_memberships(user_id, limit=100)
        places = await self.hub.sessions.refresh(user_id, places)
        self.hub.sessions.connect(socket.connection, places)
        return socket

    async def stop(self) -> None:
        await self.link.stop(goodbye=True)
        await self._give_back()

    async def kill(self) -> None:
        """End without a goodbye."""
        await self.link.stop(goodbye=False)
        await self._give_back()

    async def _give_back(self) -> None:
        await self.polling.stop()
        await self.access.stop()
        await self.hub.stop()


def _host(host: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"address": host} if isinstance(host, str) else {**host}


class Socket:
    def __init__(self, user_id: str, signed_in_at: datetime) -> None:
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.outlet = Outlet(lambda text: self._frames.put_nowait(read_frame(text)))
        self.connection = make_connection(uuid4().hex, user_id, self.outlet, signed_in_at)

    async def next(self) -> tuple[str, int | None]:
        """Type and version of the next event."""
        async with asyncio.timeout(PATIENCE):
            frame = await self._frames.get()
        return frame["type"], frame.get("version")

    async def until(self, version: int) -> list[tuple[str, int | None]]:
        """The events up to this version."""
        got = [await self.next()]
        while got[-1][1] != version:
            got.append(await self.next())
        return got

    @property
    def waiting(self) -> int:
        return self._frames.qsize()


@asynccontextmanager
async def two_sides(
    host: str | Mapping[str, Any],
    *,
    signing: Callable[[], Signing] = Signing,
    max_beacons: int = MAX_BEACONS,
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances on one store and one Redis that hear each other, until the context is left."""
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = (
        Side(host, store, prefix, signing=signing(), max_beacons=max_beacons),
        Side(host, store, prefix, signing=signing(), max_beacons=max_beacons),
    )
    for side in pair:
        side.start()
    await hears(pair[0], pair[1])
    await hears(pair[1], pair[0])
    yield pair
    for side in pair:
        await side.stop()
    await store.close()


async def hears(side: Side, other: Side) -> None:
    """Wait until a beacon of the other has come here."""
    async with asyncio.timeout(PATIENCE):
        while other.boot_id not in side.link.peers:
            await asyncio.sleep(0.05)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beacons, polls and looks come ten times as often as in production."""
    for module, name, seconds in (
        (link_module, "BEACON_SECONDS", 0.1),
        (link_module, "_DOWN_SECONDS", 1.0),
        (receiver_module, "_RETRY_SECONDS", 0.1),
        (receiver_module, "_FLUSH_SECONDS", 0.7),
        (link_module, "_RENEW_SECONDS", 0.7),
        (peers_module, "BEACON_SECONDS", 0.1),
        (peers_module, "_SETTLE_SECONDS", 0.3),
        (peers_module, "LEASE_SECONDS", 1.5),
        (peers_module, "_MISSED_SECONDS", 1.2),
        (peers_module, "SILENT_SECONDS", 0.3),
        (beats_module, "SILENT_SECONDS", 0.3),
        (watch_module, "_OVERLAP_SECONDS", 0.7),
        (polling_module, "_POLL_SECONDS", 0.2),
        (polling_module, "_LOOK_SECONDS", 0.5),
        (polling_module, "_REJOIN_SECONDS", 0.1),
        (polling_module, "_RETRY_SECONDS", 0.1),
    ):
        monkeypatch.setattr(module, name, seconds)
