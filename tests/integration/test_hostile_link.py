"""Hostile messages on the channels of a real Redis: no task ends, nothing changes, and real events
arrive."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from messaging.delivery.messages import AccessChanged, Beacon, Commits, PeopleChanged, access_state
from messaging.delivery.sending import INSTANCES
from messaging.delivery.signing import Mode, Signing
from messaging.delivery.wire import Wire
from messaging.entities import Access
from messaging.store.sql import SqlStore
from tests.links import Side, hears, hurry
from tests.unit.messaging import send

KEY = "k" * 32
_MESSAGES = 400


@pytest_asyncio.fixture
async def sides(
    redis_server: str,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Side, Side]]:
    hurry(monkeypatch)
    mode = getattr(request, "param", Mode.OFF)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = [Side(redis_server, store, prefix, signing=Signing(mode, [KEY])) for _ in range(2)]
    for side in pair:
        side.start()
    await hears(pair[0], pair[1])
    await hears(pair[1], pair[0])
    yield pair[0], pair[1]
    for side in pair:
        await side.stop()
    await store.close()


def hostile(chance: random.Random, conversation_id: str) -> Sequence[bytes]:
    """Garbage, and what a real sender says, damaged."""
    stranger = Wire("stranger", signing=Signing())
    far = Access(user_id="ann", changed_at=datetime(9998, 1, 1, tzinfo=UTC))
    real = [
        stranger.seal([item], version=version)
        for version in (1, 2)
        for item in (
            PeopleChanged(conversation_id=conversation_id, version=2**53, added=["ann"]),
            Beacon(number=2**53, commits={conversation_id: Commits(2**53, [])}),
            AccessChanged(number=1, access=access_state(far)),
        )
    ]
    values: list[object] = [None, 5, [], {}, {"from": 5}, {"v": 9}]
    plain = [msgspec.msgpack.encode(value) for value in values]
    made = [*real, *plain]
    while len(made) < _MESSAGES:
        flipped = bytearray(chance.choice(real))
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        made.append(bytes(flipped))
        made.append(chance.randbytes(chance.randrange(200)))
    chance.shuffle(made)
    return made


async def test_hostile_messages_change_nothing(
    sides: tuple[Side, Side], caplog: pytest.LogCaptureFixture
) -> None:
    here, there = sides
    group = await here.found("ann", "bob")
    ann, bob = await here.connect("ann"), await there.connect("bob")
    began = asyncio.get_running_loop().time()

    for data in hostile(random.Random(1), group.id):
        await here.layer.publish(INSTANCES, data)
    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == await ann.next() == ("message.created", 1)
    assert ann.outlet.ended == bob.outlet.ended == []
    assert here.link.up
    assert there.link.up
    stored = await here.store.get_conversation(group.id)
    assert stored is not None
    assert (stored.version, stored.seq) == (1, 1)
    lines = [one for one in caplog.records if "link.message_refused" in str(one.msg)]
    seconds = asyncio.get_running_loop().time() - began
    assert 0 < len(lines) <= 2 * (seconds + 1)  # of two instances
    access = await there.people.log_out("bob")  # is heard of, whatever was said with a later date
    here.access.learn(access)
    await here.link.announce_access(access)
    assert bob.outlet.ended


@pytest.mark.parametrize("sides", [Mode.REQUIRE], indirect=True)
async def test_only_signed_messages_count(sides: tuple[Side, Side]) -> None:
    """Unsigned ones, and those of another key, are nobody's; real ones arrive."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    counted = {reason: refused(reason) for reason in ("unsigned", "forged")}
    item = PeopleChanged(conversation_id=group.id, version=7)
    for signing in (Signing(), Signing(Mode.REQUIRE, ["o" * 32])):
        forged = Wire("stranger", signing=signing).seal([item], version=2)
        await here.layer.publish(INSTANCES, forged)

    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    assert [refused(reason) > before for reason, before in counted.items()] == [True, True]


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("chat_link_refused_total", {"reason": reason}) or 0.0
