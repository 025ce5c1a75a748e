"""Real chat through real instances: everything arrives, once, in order, and at nobody else; and in
the end everybody has what the store has.

Logs of an IRC channel are replayed, every nick a person with a socket on one of the instances.
`make test` replays the beginning of a log, `make chaos` all of each.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.acceptance import irc
from tests.acceptance.channel import Channel, many_at_once, one_by_one, opened
from tests.acceptance.conftest import Instances
from tests.acceptance.lively import LivelyChannel

LINES = 70
IN_FLIGHT = 64

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print, whatever pytest captures."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return say


def logs(short: irc.Log) -> list[object]:
    """The beginning of one log, and all of each for the long form."""
    whole = (pytest.param(log, id=log.name, marks=pytest.mark.chaos) for log in irc.load_logs(None))
    return [pytest.param(short, id=f"{short.name}-begins"), *whole]


BEGINNINGS = irc.load_logs(LINES)


@pytest.mark.parametrize("log", logs(BEGINNINGS[0]))
async def test_replay_on_two_instances(two_instances: Instances, log: irc.Log, say: Say) -> None:
    """Two instances with Redis between them, on Firestore."""
    await replay(log, two_instances.urls, "two instances, Firestore", say)


@pytest.mark.parametrize("log", logs(BEGINNINGS[-1]))
async def test_replay_on_one_instance(one_instance: Instances, log: irc.Log, say: Say) -> None:
    """One instance on SQLite, without Redis."""
    await replay(log, one_instance.urls, "one instance, SQLite", say)


async def replay(log: irc.Log, urls: Sequence[str], where: str, say: Say) -> None:
    moves = len(log.actions) - len(log.said)
    say(
        f"{where}: {log.name}: {len(log.said)} messages, {moves} joins and leaves, "
        f"{len(log.nicks)} people"
    )
    async with opened(Channel(log, "first"), urls) as first:
        await one_by_one(first)
        await first.settle()
        said = [(message["sender_id"], message["text"]) for message in first.history]
        assert said == [(first.user_id(said.nick), said.text) for said in log.said]
        first.check()
        say(f"  each after the other: {first.figures()}")
    async with opened(LivelyChannel(log, "second"), urls) as second:
        await many_at_once(second, IN_FLIGHT)
        await second.settle()
        second.check()
        second.check_store()
        await second.check_reactions()
        await second.check_clients()
        say(f"  {IN_FLIGHT} in flight, {second.acts} acts: {second.figures()}")
