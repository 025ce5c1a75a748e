"""Thousands of sockets on two processes."""

from pathlib import Path

import pytest

from config.development.redis import RedisMissing
from tests.chaos.conftest import Say
from tests.chaos.many_sockets import MAX_DRIFT, MAX_IDLE, measure
from tests.conftest import skip_or_fail
from tests.servers.postgres import PostgresMissing


@pytest.mark.chaos
def test_memory_stays_flat_while_clients_come_and_go(tmp_path: Path, say: Say) -> None:
    """10,000 sockets for ten minutes, of which 50 a second leave and come again: after two minutes
    no process grows by more than 2 %, no socket is closed by the server, and then, while nothing
    happens, both processes use at most 5 % of a core."""
    try:
        figures = measure(tmp_path, sockets=10_000, seconds=600, churn=50, say=say)
    except (PostgresMissing, RedisMissing) as missing:
        skip_or_fail(str(missing))
        raise

    say(str(figures))
    assert (figures.lost, figures.missing) == (0, 0)
    assert figures.drift <= MAX_DRIFT
    assert figures.idle <= MAX_IDLE


def test_many_sockets_in_short(tmp_path: Path) -> None:
    """The same in little: everybody is there, and nobody was closed."""
    try:
        figures = measure(
            tmp_path,
            sockets=60,
            seconds=3,
            churn=10,
            settles=1,
            idle_seconds=1,
            postgres=False,
        )
    except RedisMissing as missing:
        skip_or_fail(str(missing))
        raise

    assert (figures.lost, figures.missing) == (0, 0)
    assert figures.comings > 60
