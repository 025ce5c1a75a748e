"""Instances on a real Redis: what one commits the sockets of the others get, link or no link."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from messaging.delivery import link as link_module
from messaging.delivery import peers as peers_module
from messaging.delivery import polling as polling_module
from messaging.delivery.access import AccessList
from messaging.delivery.beacon import REPEATS
from messaging.delivery.connection import Ending
from messaging.delivery.hub import Hub
from messaging.delivery.link import Link
from messaging.delivery.polling import Polling
from messaging.delivery.publisher import Publisher
from messaging.entities import Conversation, ReadPosition
from messaging.events import EventEncoder
from messaging.store.acts import Act
from messaging.store.cache import ConversationCache
from messaging.store.sql import SqlStore
from messaging.store.sql_people import SqlPeopleStore
from messaging.store.writer import Writer
from tests.outlets import Outlet, make_connection
from tests.unit.messaging import add, new_group, remove, send

Frame = dict[str, Any]
PATIENCE = 10


class LossyLayer:
    """The real layer, which loses what it is told to, and can be cut off."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._layer = RedisPubSubChannelLayer(hosts=[redis_url], prefix=prefix)
        self.group_add = self._layer.group_add
        self.group_discard = self._layer.group_discard
        self.flush = self._layer.flush
        self.loses: Callable[[Mapping[str, Any]], bool] = lambda item: False
        self.cut = False

    async def receive(self, channel: str) -> Mapping[str, Any]:
        while True:
            message: Mapping[str, Any] = await self._layer.receive(channel)
            if not self.cut:
                return message

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        if self.cut:
            raise ConnectionError
        kept = [item for item in message["items"] if not self.loses(item)]
        if kept:
            await self._layer.group_send(group, {**message, "items": kept})


class Side:
    """One instance: its own layer, hub, link, polls and writer, on the store of both."""

    def __init__(self, redis_url: str, store: SqlStore, prefix: str) -> None:
        self.boot_id = uuid4().hex
        self.events = EventEncoder(f"instance-{self.boot_id}", self.boot_id)
        self.cache = ConversationCache()
        self.store = store
        self.degraded: asyncio.Queue[bool] = asyncio.Queue()
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        self.registry: list[str] = []
        self.layer = LossyLayer(redis_url, prefix)
        self.hub = Hub(store=store, cache=self.cache, events=self.events)
        self.people = SqlPeopleStore(store)
        self.access = AccessList(store=self.people, connections=self.hub.connections)
        self.polling = Polling(
            store=store,
            people=self.people,
            hub=self.hub,
            access=self.access,
            boot_id=self.boot_id,
            on_change=self.degraded.put_nowait,
        )
        self.link = Link(
            receiving=self.layer,
            publishing=self.layer,
            hub=self.hub,
            polling=self.polling,
            access=self.access,
            boot_id=self.boot_id,
            registered=lambda: self.registry,
            on_ended=lambda boot_id, heard_at: self.ended.put_nowait(boot_id),
        )
        self.hub.attach(self.link)
        self.publisher = Publisher(hub=self.hub, link=self.link, events=self.events)
        self._writer = Writer(
            store,
            self.cache,
            on_commit=self.publisher.publish_commit,
            on_read=lambda conversation: None,
            on_doubt=lambda look: None,
        )

    def start(self, *, connected: bool = True) -> None:
        self.link.start(connected=connected)
        self.polling.start()

    async def becomes_degraded(self, degraded: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            assert await self.degraded.get() is degraded

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
        await self.link.stop(goodbye=True)
        await self._give_back()

    async def kill(self) -> None:
        """End without a goodbye."""
        await self.link.stop(goodbye=False)
        await self._give_back()

    async def _give_back(self) -> None:
        await self.polling.stop()
        await self.hub.stop()


class Socket:
    def __init__(self, user_id: str) -> None:
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.outlet = Outlet(lambda text: self._frames.put_nowait(json.loads(text)))
        self.connection = make_connection(uuid4().hex, user_id, self.outlet)

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


@pytest_asyncio.fixture
async def sides(
    redis_server: str, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances whose beacons, polls and looks come ten times as often as in production."""
    for module, name, seconds in (
        (link_module, "BEACON_SECONDS", 0.1),
        (link_module, "_DOWN_SECONDS", 0.5),
        (link_module, "_RETRY_SECONDS", 0.1),
        (peers_module, "BEACON_SECONDS", 0.1),
        (peers_module, "LEASE_SECONDS", 1.5),
        (polling_module, "_POLL_SECONDS", 0.2),
        (polling_module, "_LOOK_SECONDS", 0.5),
        (polling_module, "_REJOIN_SECONDS", 0.1),
        (polling_module, "_RETRY_SECONDS", 0.1),
    ):
        monkeypatch.setattr(module, name, seconds)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = Side(redis_server, store, prefix), Side(redis_server, store, prefix)
    for side in pair:
        side.start()
    yield pair
    for side in pair:
        await side.stop()
    await store.close()


async def hears(side: Side, other: Side) -> None:
    """Wait until a beacon of the other has come here."""
    async with asyncio.timeout(PATIENCE):
        while other.boot_id not in side.link._peers._peers:
            await asyncio.sleep(0.05)


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
    here.layer.loses = lambda item: item["type"] == lost
    group = await here.found("ann", "bob")
    bob, dan = await there.connect("bob"), await there.connect("dan")

    await here.commit(group, send(group.id, "ann"))
    assert await bob.next() == ("message.created", 1)
    await here.commit(group, add("ann", "dan"))
    assert await dan.next() == ("conversation.added", None)
    await here.commit(group, send(group.id, "ann"))
    assert await dan.next() == ("message.created", 3)


async def test_an_instance_that_is_cut_off_reads_the_store(sides: tuple[Side, Side]) -> None:
    """Its sockets get what is committed elsewhere, and nobody has to reload once it is back."""
    here, there = sides
    group, other = await here.found("ann", "bob"), await here.found("ann")
    bob, dan = await there.connect("bob"), await there.connect("dan")
    there.layer.cut = True
    await there.becomes_degraded(True)

    await here.commit(group, send(group.id, "ann"))
    assert await bob.next() == ("message.created", 1)
    await here.commit(other, add("ann", "dan"))
    assert await dan.next() == ("conversation.added", None)
    await here.commit(group, remove("ann", "bob"))
    assert await bob.next() == ("conversation.removed", None)

    there.layer.cut = False
    await there.becomes_degraded(False)
    await here.commit(other, send(other.id, "ann"))
    assert await dan.next() == ("message.created", 2)
    assert bob.waiting == dan.waiting == 0


async def test_what_a_cut_off_instance_commits_is_seen_by_the_others(
    sides: tuple[Side, Side],
) -> None:
    """It says in the store that it is cut off; then they read the store as well."""
    here, there = sides
    group = await here.found("ann", "bob")
    ann, bob = await here.connect("ann"), await there.connect("bob")
    here.layer.cut = True
    await here.becomes_degraded(True)

    await here.commit(group, send(group.id, "ann"))
    assert await ann.next() == ("message.created", 1)  # its own sockets at once
    assert await bob.next() == ("message.created", 1)
    assert there.degraded.empty()

    here.layer.cut = False
    await here.becomes_degraded(False)
    async with asyncio.timeout(PATIENCE + 10):
        while (await here.store.list_link_notes()).boot_ids:
            await asyncio.sleep(0.1)
    await here.commit(group, send(group.id, "ann"))
    assert await bob.next() == ("message.created", 2)


async def test_a_link_that_is_only_deaf_is_noticed(sides: tuple[Side, Side]) -> None:
    """By its own beacon not coming back, whatever the library believes."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    there.layer.loses = lambda item: True
    here.layer.loses = lambda item: True
    await there.becomes_degraded(True)
    await here.commit(group, send(group.id, "ann"))

    there.layer.loses = here.layer.loses = lambda item: False
    await there.becomes_degraded(False)

    assert await bob.next() == ("message.created", 1)


async def test_one_failed_publish_is_no_outage(sides: tuple[Side, Side]) -> None:
    """A connection that was closed meanwhile fails once. What was not published is told of by
    the beacon."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    real, failures = here.layer.group_send, iter([ConnectionError()])

    async def fails_once(name: str, message: Mapping[str, Any]) -> None:
        if message["items"][0]["type"] == "changes" and (error := next(failures, None)):
            raise error
        await real(name, message)

    here.layer.group_send = fails_once  # type: ignore[assignment, method-assign]
    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    assert next(failures, None) is None
    assert here.link.up
    assert here.degraded.empty()


async def test_what_an_instance_committed_before_it_died_is_found(
    sides: tuple[Side, Side],
) -> None:
    """It had not published it. The others notice that its lease has ended, and look."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    here.layer.loses = lambda item: item["type"] == "changes" or bool(item.get("commits"))

    await here.commit(group, send(group.id, "ann"))
    await here.kill()

    assert await bob.next() == ("message.created", 1)
    assert there.ended.get_nowait() == here.boot_id


async def test_an_instance_that_died_before_its_first_beacon_is_missed(
    sides: tuple[Side, Side], redis_server: str
) -> None:
    """It is in the registry before its first commit."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    short_lived = Side(redis_server, here.store, uuid4().hex)
    there.registry = [short_lived.boot_id]

    await short_lived.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    assert there.ended.get_nowait() == short_lived.boot_id


async def test_skipped_beacons_are_made_up_for(sides: tuple[Side, Side]) -> None:
    """Whoever missed as many as a commit is repeated looks at what changed since."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    await hears(there, here)
    here.layer.loses = lambda item: item["type"] in ("changes", "beacon")
    number = here.link._number

    await here.commit(group, send(group.id, "ann"))
    here.link._recent.came_back([group.id] * REPEATS)  # by a way that did not lead there
    async with asyncio.timeout(PATIENCE):
        while here.link._number < number + REPEATS:
            await asyncio.sleep(0.05)
    here.layer.loses = lambda item: False

    assert await bob.next() == ("message.created", 1)


async def test_starting_without_redis(sides: tuple[Side, Side], redis_server: str) -> None:
    """Cut off from the first moment: it reads the store, and says so there."""
    here, _ = sides
    group = await here.found("ann", "bob")
    alone = Side(redis_server, here.store, uuid4().hex)
    alone.layer.cut = True
    alone.start(connected=False)
    try:
        await alone.becomes_degraded(True)
        bob = await alone.connect("bob")
        await here.commit(group, send(group.id, "ann"))
        assert await bob.next() == ("message.created", 1)
        async with asyncio.timeout(PATIENCE):
            while alone.boot_id not in (await here.store.list_link_notes()).boot_ids:
                await asyncio.sleep(0.05)
    finally:
        await alone.stop()


async def test_events_in_a_slow_link_arrive_together(sides: tuple[Side, Side]) -> None:
    """With 300 ms to Redis a commit a publish would take half a minute."""
    here, there = sides
    groups = [await here.found("ann", "bob") for _ in range(40)]
    bob = await there.connect("bob")
    real = here.layer.group_send

    async def slow(name: str, message: Mapping[str, Any]) -> None:
        await asyncio.sleep(0.3)
        await real(name, message)

    here.layer.group_send = slow  # type: ignore[assignment, method-assign]
    for number in range(3):
        await asyncio.gather(
            *(here.commit(group, send(group.id, "ann", str(number))) for group in groups)
        )

    got = [await bob.next() for _ in range(120)]
    assert sorted(got) == sorted([("message.created", v) for v in (1, 2, 3)] * 40)
    assert here.link.up


# Who is logged out or banned


async def shut_out(side: Side, user_id: str) -> None:
    """What an instance does when somebody logs out everywhere."""
    access = await side.people.log_out(user_id)
    side.access.learn(access)
    await side.link.announce_access(access)


async def ended(socket: Socket) -> None:
    async with asyncio.timeout(PATIENCE):
        while not socket.outlet.ended:
            await asyncio.sleep(0.02)
    assert socket.outlet.ended[0] is Ending.SHUT_OUT


async def test_who_logs_out_is_gone_everywhere_by_the_answer(sides: tuple[Side, Side]) -> None:
    """Nobody else is."""
    here, there = sides
    ann, also_ann, bob = (
        await here.connect("ann"),
        await there.connect("ann"),
        await there.connect("bob"),
    )
    await hears(here, there)

    await shut_out(here, "ann")

    assert ann.outlet.ended[0] is also_ann.outlet.ended[0] is Ending.SHUT_OUT
    assert bob.outlet.ended == []


@pytest.mark.parametrize("lost", ["access", "access.known"])
async def test_what_redis_loses_of_it_is_said_again(sides: tuple[Side, Side], lost: str) -> None:
    here, there = sides
    ann = await there.connect("ann")
    await hears(here, there)
    losses = iter(range(2))
    loses = lambda item: item["type"] == lost and next(losses, None) is not None  # noqa: E731
    here.layer.loses = there.layer.loses = loses

    await shut_out(here, "ann")

    assert ann.outlet.ended[0] is Ending.SHUT_OUT


async def test_an_instance_that_does_not_answer_is_waited_for_a_second(
    sides: tuple[Side, Side],
) -> None:
    here, there = sides
    await hears(here, there)
    there.layer.loses = lambda item: item["type"] == "access.known"
    begun = asyncio.get_running_loop().time()

    await shut_out(here, "ann")

    assert 0.9 < asyncio.get_running_loop().time() - begun < PATIENCE


@pytest.mark.parametrize("cut", ["both", "the other"])
async def test_without_redis_the_store_tells(sides: tuple[Side, Side], cut: str) -> None:
    here, there = sides
    ann = await there.connect("ann")
    there.layer.cut = True
    here.layer.cut = cut == "both"
    await there.becomes_degraded(True)

    await shut_out(here, "ann")

    await ended(ann)


async def test_one_that_is_cut_off_shuts_out_at_the_others(sides: tuple[Side, Side]) -> None:
    """They read its note, and then the store."""
    here, there = sides
    ann = await there.connect("ann")
    here.layer.cut = True
    await here.becomes_degraded(True)

    await shut_out(here, "ann")

    await ended(ann)
