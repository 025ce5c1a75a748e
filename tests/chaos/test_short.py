"""The short form: some faults, a small crowd, one seed. `make chaos` has the whole."""

import pytest

from tests.chaos import report
from tests.chaos.cases import CASES, SHORT
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.crowd import Size
from tests.chaos.scene import play

_SMALL = Size(people=10, tabs=2, conversations=4, largest=8, rate=8)


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SHORT)
async def test_nothing_is_lost(name: str, cluster: Cluster, say: Say) -> None:
    """Nothing acknowledged is lost, nobody gets anything twice, out of order or that is not
    theirs, and in the end everybody has what is stored. Whether the numbers in the store are right
    is checked at the end of all cases, see `cluster`."""
    outcome = await play(
        CASES[name], cluster, seed=1, size=_SMALL, say=say, short=True, verified=False
    )

    if name == SHORT[0]:
        say(report.header())
    say(report.row(outcome))
    assert outcome.passed, "\n".join(report.details(outcome))
