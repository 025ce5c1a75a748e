"""A restore of an older store, stopped and under running instances, on all stores."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.restoring import Plan, Restoring

_STORES = ("sqlite", "postgres", "firestore")
_WAYS = ("running", "stopped")
FULL = Plan(people=30, rooms=10, pause=0.3, before=8, lost=8)
_SHOWN_SECONDS = 10.0
_SLACK = 1.5


def cluster_on(store: str, folder: Path, emulator: str) -> Cluster:
    return Cluster(
        folder=folder,
        emulator=emulator,
        count=2,
        sqlite=store == "sqlite",
        postgres=store == "postgres",
    )


async def restore(cluster: Cluster, way: str, plan: Plan, chance: str, say: Say) -> float:
    """Seconds until everybody shows the store after the last has reconnected."""
    outcome = await Restoring(cluster, plan, random.Random(chance)).play(stopped=way == "stopped")
    say(
        f"restore {chance}: {outcome.messages} messages, in the new epoch after "
        f"{outcome.noticed:.1f} s, everything shown {outcome.shown:.1f} s later, "
        f"{outcome.repaired} read positions mended"
    )
    assert not outcome.problems, "\n".join(outcome.problems)
    return outcome.shown


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=_STORES)
async def cluster_and_store(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    firestore_emulator: str,
) -> AsyncIterator[tuple[Cluster, str]]:
    """Two instances on each store, for one restore after the other."""
    folder = tmp_path_factory.mktemp("restored")
    async with cluster_on(request.param, folder, firestore_emulator) as cluster:
        yield cluster, request.param


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("way", _WAYS)
async def test_every_client_shows_the_store_again(
    cluster_and_store: tuple[Cluster, str], way: str, say: Say
) -> None:
    """Over two instances under traffic: nothing else is shown, and no number is without a
    message. Running instances notice by themselves; nobody says `new_epoch`."""
    cluster, store = cluster_and_store
    await restore(cluster, way, Plan(), f"{store} {way} 1", say)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("store", _STORES)
@pytest.mark.parametrize("way", _WAYS)
async def test_a_crowd_shows_the_store_in_time(
    store: str, way: str, seed: int, tmp_path: Path, firestore_emulator: str, say: Say
) -> None:
    """Within ten seconds of its reconnect."""
    async with cluster_on(store, tmp_path, firestore_emulator) as cluster:
        shown = await restore(cluster, way, FULL, f"{store} {way} {seed}", say)

    assert shown <= _SHOWN_SECONDS * _SLACK
