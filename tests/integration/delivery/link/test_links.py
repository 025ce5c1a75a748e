"""Instances on a real Redis: what one commits the sockets of the others get, link or no link."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from prometheus_client import Histogram

from messaging.delivery.hub.connections import Ending
from messaging.domain.conversation import Conversation
from messaging.domain.participant import ReadPosition
from messaging.instruments.metrics import DELIVERY_SECONDS, PUBLISH_SECONDS, TRANSIT_SECONDS
from messaging.stores.sql.store import SqlStore
from tests.links import PATIENCE, Side, Socket, hears, hurry
from tests.unit.messaging import add, remove, send


@pytest_asyncio.fixture
async def sides(
    redis_server: str, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances whose beacons, polls and looks come ten times as often as in production."""
    hurry(monkeypatch)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = Side(redis_server, store, prefix), Side(redis_server, store, prefix)
    for side in pair:
        side.start()
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


async def test_how_long_each_hop_takes(sides: tuple[Side, Side]) -> None:
    """The publish here, the way there, and from the commit to the sockets there."""
    here, there = sides
    await hears(there, here)
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    before = {hop: observed(hop) for hop in (PUBLISH_SECONDS, TRANSIT_SECONDS, DELIVERY_SECONDS)}

    for number in range(1, 4):
        await here.commit(group, send(group.id, "ann"))
        assert await bob.next() == ("message.created", number)

    for hop, (count, seconds) in before.items():
        counted, taken = observed(hop)
        assert counted - count >= 3
        assert 0 < taken - seconds < PATIENCE


def observed(hop: Histogram) -> tuple[float, float]:
    """How many so far, and their seconds; of deliveries those that came by the link."""
    count = seconds = 0.0
    for family in hop.collect():
        for sample in family.samples:
            if sample.labels.get("path", "link") == "link":
                count += sample.value * sample.name.endswith("_count")
                seconds += sample.value * sample.name.endswith("_sum")
    return count, seconds


async def test_soft_events_cross_once(sides: tuple[Side, Side]) -> None:
    """They have no version: the own echo is known by its instance."""
    here, there = sides
    group = await here.found("ann", "bob")
    ann, bob = await here.connect("ann"), await there.connect("bob")
    await here.commit(group, send(group.id, "ann"))
    assert await ann.next() == await bob.next() == ("message.created", 1)

    for number in range(3):
        position = ReadPosition(user_id="ann", read_seq=number)
        here.publisher.publish_own_receipt(group.id, position, unread_count=0)
        here.publisher.publish_receipt(group.id, position, of_reading=True)
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


async def test_where_it_is_not_followed_a_removal_is_known(sides: tuple[Side, Side]) -> None:
    """An instance may have a copy of a conversation that nobody there is connected for. Who reads
    there is judged by it, so it goes as soon as somebody does."""
    here, there = sides
    group = await here.found("ann", "bob")
    there.cache.put(group)
    await hears(there, here)
    here.layer.loses = lambda item: item["type"] == "beacon"

    await here.commit(group, remove("ann", "bob"))

    await there.forgets(group)


async def test_a_block_is_known_everywhere(sides: tuple[Side, Side]) -> None:
    """It has no version; whatever copy there is of the conversation goes."""
    here, there = sides
    group = await here.found("ann", "bob")
    for side in sides:
        side.cache.put(group)
    await hears(there, here)

    here.publisher.publish_blocks(group.id)

    assert here.cache.get(group.id) is None
    await there.forgets(group)


async def test_who_was_removed_types_no_more(sides: tuple[Side, Side]) -> None:
    """Not for those who know of the removal, though another instance does not yet."""
    here, there = sides
    group = await here.found("ann", "bob", "cid")
    ann = await here.connect("ann")
    await here.commit(group, remove("ann", "bob"))
    assert await ann.next() == ("participant.removed", 1)

    async with asyncio.timeout(PATIENCE):
        while not ann.waiting:  # what is said before the subscription is in force is lost
            for person, typing in (("bob", True), ("cid", False)):
                there.publisher.publish_typing(
                    group.id, person, typing=typing, expires_at=datetime.now(UTC)
                )
            await asyncio.sleep(0.05)

    assert await ann.next() == ("typing.stopped", None)


async def test_a_new_conversation_is_announced_everywhere(sides: tuple[Side, Side]) -> None:
    here, there = sides
    ann, bob = await here.connect("ann"), await there.connect("bob")

    await here.found("ann", "bob")

    assert await ann.next() == await bob.next() == ("conversation.added", None)


@pytest.mark.parametrize("lost", ["changes", "people"])
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
        if b"changes" in message["data"] and (error := next(failures, None)):
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
    await hears(there, here)
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


async def beacons(side: Side, count: int) -> None:
    """Wait until it has sent so many more, lost or not."""
    loses, sent = side.layer.loses, 0

    def counts(item: Mapping[str, Any]) -> bool:
        nonlocal sent
        sent += item["type"] == "beacon"
        return loses(item)

    side.layer.loses = counts
    async with asyncio.timeout(PATIENCE):
        while sent < count:
            await asyncio.sleep(0.05)
    side.layer.loses = loses


async def tells_of(side: Side, conversation: Conversation, *, begun: bool) -> None:
    """Wait until its beacons tell of a commit in the conversation, or no longer do."""
    loses, last = side.layer.loses, not begun

    def looks(item: Mapping[str, Any]) -> bool:
        nonlocal last
        if item["type"] == "beacon":
            last = conversation.id in item.get("commits", {})
        return loses(item)

    side.layer.loses = looks
    async with asyncio.timeout(PATIENCE):
        while last is not begun:
            await asyncio.sleep(0.02)
    side.layer.loses = loses


async def test_an_instance_that_is_heard_before_it_is_known(
    sides: tuple[Side, Side],
) -> None:
    """The registry is read every five seconds; its first beacon is heard at once. Whoever is known
    is not told of."""
    here, there = sides
    await hears(there, here)
    there.registry = [here.boot_id]
    while not there.met.empty():
        there.met.get_nowait()

    await beacons(here, 2)
    assert there.met.empty()
    there.registry = []

    async with asyncio.timeout(PATIENCE):
        assert await there.met.get() == here.boot_id


async def test_skipped_beacons_are_made_up_for(sides: tuple[Side, Side]) -> None:
    """Whoever missed as many as a commit is repeated looks at what changed since."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    await hears(there, here)
    there.layer.deaf_to.add(here.boot_id)

    await here.commit(group, send(group.id, "ann"))
    await tells_of(here, group, begun=True)
    await tells_of(here, group, begun=False)
    there.layer.deaf_to.clear()

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
    assert socket.outlet.ended[0] is Ending.ACCESS_REVOKED


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

    assert ann.outlet.ended[0] is also_ann.outlet.ended[0] is Ending.ACCESS_REVOKED
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

    assert ann.outlet.ended[0] is Ending.ACCESS_REVOKED


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
