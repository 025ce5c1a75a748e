"""A move of the store and its way back under a small crowd. `make chaos` has the whole."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.cases import CASES
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.crowd import Size
from tests.chaos.scene import play
from tests.conftest import skip_or_fail
from tests.servers.postgres import PostgresMissing, require_postgres

_SMALL = Size(people=8, tabs=1, conversations=4, largest=6, rate=6)
_CASE = replace(CASES["store-moved"], recovers_within=60.0)
"""`make chaos` judges how fast it is."""


@pytest.mark.timeout(400)
async def test_nothing_is_lost_while_the_store_moves(
    tmp_path: Path, firestore_emulator: str, say: Say
) -> None:
    """From PostgreSQL to Firestore and back, under two instances and a crowd: nothing acknowledged
    is lost, nobody gets anything twice or out of order, and sends are refused for seconds."""
    try:
        require_postgres()
    except PostgresMissing as missing:
        skip_or_fail(str(missing))
    cluster = Cluster(folder=tmp_path, emulator=firestore_emulator, count=2, postgres=True)
    async with cluster:
        outcome = await play(_CASE, cluster, seed=1, size=_SMALL, say=say, short=True)

    say(report.header())
    say(report.row(outcome))
    assert outcome.passed, "\n".join(report.details(outcome))
