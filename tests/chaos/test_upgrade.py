"""An upgrade and its way back behind nginx, under a small crowd. `make chaos` has the whole, on
both stores."""

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
from tests.releases import Release, ReleaseMissing, previous_release
from tests.servers.postgres import PostgresMissing, require_postgres
from tests.servers.proxies import ProxyMissing

_SMALL = Size(people=10, tabs=1, conversations=4, largest=6, rate=4)

_CASE = replace(CASES["upgraded-behind-nginx"], delivers_within=None, recovers_within=60.0)
"""`make chaos` judges how fast it is."""
_SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.notifications.settings",
    "TEST_NOTIFICATIONS": '{"grace": 1}',  # seconds
}


@pytest.fixture(name="previous")
def _previous() -> Release:
    try:
        return previous_release()
    except ReleaseMissing as missing:
        skip_or_fail(str(missing))
        raise


@pytest.mark.timeout(400)
async def test_nothing_is_lost_between_two_releases(
    previous: Release, tmp_path: Path, say: Say
) -> None:
    """Instances and the worker of the previous release are replaced by those of this one and come
    back, one after the other, on one database that is migrated meanwhile: nothing acknowledged is
    lost, nobody gets anything twice or out of order, and every phone rings once."""
    try:
        require_postgres()
    except PostgresMissing as missing:
        skip_or_fail(str(missing))
    cluster = Cluster(
        folder=tmp_path,
        emulator="",
        count=2,
        postgres=True,
        release=previous,
        notified=True,
        small=True,
        proxies=_CASE.proxies,
        settings=_SETTINGS,
    )
    try:
        async with cluster:
            outcome = await play(_CASE, cluster, seed=1, size=_SMALL, say=say, short=True)
    except ProxyMissing as missing:
        skip_or_fail(str(missing))
        raise

    say(report.row(outcome))
    assert outcome.passed, "\n".join(report.details(outcome))
