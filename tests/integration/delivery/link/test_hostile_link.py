"""Hostile messages on the channels of a real Redis: no task ends, nothing changes, and real events
arrive."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from messaging.delivery.link.encoding import Wire
from messaging.delivery.link.messages import PeopleChanged
from messaging.delivery.link.sender import INSTANCES
from messaging.delivery.link.signing import Mode, Signing
from tests.links import Side, hurry, two_sides
from tests.metrics import sampled
from tests.siege import Siege, lines_of
from tests.unit.messaging import send

KEY = "k" * 32
_MESSAGES = 600


@pytest_asyncio.fixture
async def sides(
    redis_server: str,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Side, Side]]:
    hurry(monkeypatch)
    mode = getattr(request, "param", Mode.OFF)
    async with two_sides(redis_server, signing=lambda: Signing(mode, [KEY])) as pair:
        yield pair


@pytest.mark.parametrize(
    ("sides", "mode"),
    [(mode, mode) for mode in (Mode.OFF, Mode.REQUIRE)],
    indirect=["sides"],
    ids=["unsigned", "signed"],
)
async def test_hostile_messages_change_nothing(
    sides: tuple[Side, Side], mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    """Of any kind, on the channel of all instances and on those of conversations. Each instance
    writes a line a second at most."""
    siege = Siege(*sides, mode=mode)
    await siege.begin()
    began = asyncio.get_running_loop().time()

    await siege.endure(_MESSAGES, seed=1)

    lines = lines_of(caplog)
    seconds = asyncio.get_running_loop().time() - began
    assert 0 < len(lines) <= 2 * (seconds + 1), lines  # of two instances
    await siege.assert_nothing_changed()
    await siege.assert_all_goes_on()


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
    return sampled("chat_link_refused_total", reason=reason)
