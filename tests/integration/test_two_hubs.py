"""Two instances on a real Redis: what one commits, the sockets of the other get."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from messaging.delivery import link as link_module
from messaging.delivery.connection import Connection
from messaging.delivery.hub import Hub
from messaging.delivery.link import Link
from messaging.delivery.publisher import Publisher
from messaging.entities import Conversation, ReadPosition
from messaging.events import EventEncoder
from messaging.store.acts import Act
from messaging.store.cache import ConversationCache
from messaging.store.sql import SqlStore
from messaging.store.writer import Writer
from tests.outlets import Outlet
from tests.unit.messaging import add, new_group, remove, send

Frame = dict[str, Any]
PATIENCE = 10


class LossyLayer:
    """The real layer, which loses what it is told to."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._layer = RedisPubSubChannelLayer(hosts=[redis_url], prefix=prefix)
        self.receive = self._layer.receive
        self.group_add = self._layer.group_add
        self.group_discard = self._layer.group_discard
        self.flush = self._layer.flush
        self.loses: Callable[[Mapping[str, Any]], bool] = lambda message: False

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if not self.loses(message):
            await self._layer.group_send(group, message)


class Side:
    """One instance: its own layer, hub, link and writer, on the store of both."""

    def __init__(self, redis_url: str, store: SqlStore, prefix: str) -> None:
        boot_id = uuid4().hex
        events = EventEncoder(f"instance-{boot_id}", boot_id)
        cache = ConversationCache()
        self.store = store
        self.ups: asyncio.Queue[bool] = asyncio.Queue()
        self.layer = LossyLayer(redis_url, prefix)
        self.hub = Hub(store=store, cache=cache, events=events)
        self.link = Link(
            self.layer,
            self.hub,
            instance_id=events.instance_id,
            boot_id=boot_id,
            on_change=self.ups.put_nowait,
        )
        self.hub.attach(self.link)
        self.publisher = Publisher(hub=self.hub, link=self.link, events=events)
        self._writer = Writer(
            store,
            cache,
            on_commit=self.publisher.publish_commit,
            on_read=lambda conversation: None,
        )

    async def commit(self, conversation: Conversation, act: Act) -> None:
        await self._writer.submit(conversation.id, act)

    async def found(self, *user_ids: str) -> Conversation:
        conversation = await self.store.create_conversation(new_group(*user_ids))
        self.publisher.publish_founded(conversation)
        return conversation

    async def connect(self, user_id: str) -> "Socket":
        socket = Socket(user_id)
        page = await self.store.list_conversations(user_id, limit=100)
        self.hub.connect(socket.connection, page.conversations)
        return socket

    async def stop(self) -> None:
        await self.link.stop()
        await self.hub.stop()
        await self.layer.flush()


class Socket:
    def __init__(self, user_id: str) -> None:
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.connection = Connection(
            uuid4().hex,
            user_id,
            Outlet(lambda text: self._frames.put_nowait(json.loads(text))),
        )

    async def next(self) -> tuple[str, int | None]:
        """Type and version of the next event."""
        async with asyncio.timeout(PATIENCE):
            frame = await self._frames.get()
        return frame["type"], frame.get("version")

    @property
    def waiting(self) -> int:
        return self._frames.qsize()


@pytest_asyncio.fixture
async def sides(
    redis_server: str, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances whose beacons go out ten times a second."""
    monkeypatch.setattr(link_module, "_BEACON_SECONDS", 0.1)
    monkeypatch.setattr(link_module, "_DOWN_SECONDS", 0.5)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = Side(redis_server, store, prefix), Side(redis_server, store, prefix)
    for side in pair:
        side.link.start()
    yield pair
    for side in pair:
        await side.stop()
    await store.close()


async def test_events_cross(sides: tuple[Side, Side]) -> None:
    """In order, once on each side, though each hears its own as well."""
    here, there = sides
    group = await here.found("ann", "bob")
    ann, bob = await here.connect("ann"), await there.connect("bob")

    for number in range(20):
        await sides[number % 2].commit(group, send(group.id, "ann", str(number)))

    for socket in (ann, bob):
        got = [await socket.next() for _ in range(20)]
        assert got == [("message.created", version) for version in range(1, 21)]


async def test_soft_events_cross_once(sides: tuple[Side, Side]) -> None:
    """They have no version: the own echo is known by its instance."""
    here, there = sides
    group = await here.found("ann", "bob")
    ann, bob = await here.connect("ann"), await there.connect("bob")
    await here.commit(group, send(group.id, "ann"))
    assert await ann.next() == await bob.next() == ("message.created", 1)

    for number in range(3):
        here.publisher.publish_receipt(
            group.id,
            ReadPosition(user_id="cid", read_seq=number),
            unread_count=0,
            to_everybody=True,
        )
    await there.commit(group, send(group.id, "ann"))

    for socket in (ann, bob):
        got = sorted([await socket.next() for _ in range(4)])
        assert got == [("message.created", 2)] + [("receipt.updated", None)] * 3
        assert socket.waiting == 0


async def test_who_is_added_elsewhere_is_told_here(sides: tuple[Side, Side]) -> None:
    """By an instance that never saw the conversation, and live from then on."""
    here, there = sides
    group = await here.found("ann")
    dan = await there.connect("dan")

    await here.commit(group, add("ann", "dan"))
    assert await dan.next() == ("conversation.added", None)
    await here.commit(group, send(group.id, "ann"))
    assert await dan.next() == ("message.created", 2)

    await here.commit(group, remove("ann", "dan"))
    assert await dan.next() == ("participant.removed", 3)


async def test_a_new_conversation_is_announced_everywhere(sides: tuple[Side, Side]) -> None:
    here, there = sides
    ann, bob = await here.connect("ann"), await there.connect("bob")

    await here.found("ann", "bob")

    assert await ann.next() == await bob.next() == ("conversation.added", None)


@pytest.mark.parametrize("lost", ["changes", "added"])
async def test_what_redis_loses_is_found(sides: tuple[Side, Side], lost: str) -> None:
    """The last event, after which nothing comes, and the news of being added: the beacon has
    both."""
    here, there = sides
    here.layer.loses = lambda message: message["type"] == lost
    group = await here.found("ann", "bob")
    bob, dan = await there.connect("bob"), await there.connect("dan")

    await here.commit(group, send(group.id, "ann"))
    assert await bob.next() == ("message.created", 1)
    await here.commit(group, add("ann", "dan"))
    assert await dan.next() == ("conversation.added", None)
    await here.commit(group, send(group.id, "ann"))
    assert await dan.next() == ("message.created", 3)


async def test_a_link_that_is_down_is_noticed(sides: tuple[Side, Side]) -> None:
    """By its own beacon not coming back, whatever the library believes; then everything that is
    followed is compared with the store."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    there.layer.loses = lambda message: True
    here.layer.loses = lambda message: True
    async with asyncio.timeout(PATIENCE):
        assert await there.ups.get() is False
    await here.commit(group, send(group.id, "ann"))

    there.layer.loses = lambda message: False
    async with asyncio.timeout(PATIENCE):
        assert await there.ups.get() is True
    there.hub.recheck()  # what the instance does then

    assert await bob.next() == ("message.created", 1)
