"""Several Redis addresses, and many instances, under a small crowd. `make chaos` has the whole."""

from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.cases import CASES
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.crowd import Size
from tests.chaos.scene import play

_SMALL = Size(people=8, tabs=1, conversations=4, largest=6, rate=6)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["redis-address-killed", "many-last-event-lost"])
async def test_nothing_is_lost(name: str, tmp_path: Path, say: Say) -> None:
    """One of two addresses dies in the middle of sends; and the last event is lost where beacons
    go to their sender alone. Nothing acknowledged is lost, nobody gets anything twice or out of
    order."""
    case = CASES[name]
    cluster = Cluster(
        folder=tmp_path,
        emulator="",
        count=2,
        sqlite=True,
        addresses=case.addresses,
        settings=case.settings,
    )
    async with cluster:
        outcome = await play(case, cluster, seed=1, size=_SMALL, say=say, short=True)

    say(report.row(outcome))
    assert outcome.passed, "\n".join(report.details(outcome))
