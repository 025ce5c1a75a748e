"""A restore of an older store, stopped and under running instances, on all stores."""

import random
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.restoring import Plan, Restoring

_STORES = ("sqlite", "postgres", "firestore")
_WAYS = ("running", "stopped")
FULL = Plan(people=30, rooms=10, pause=0.3, before=8, lost=8)
_SHOWN_SECONDS = 10.0
_SLACK = 1.5


async def restore(
    store: str, way: str, plan: Plan, seed: int, folder: Path, emulator: str, say: Say
) -> float:
    """Seconds until everybody shows the store after the last has reconnected."""
    cluster = Cluster(
        folder=folder,
        emulator=emulator,
        count=2,
        sqlite=store == "sqlite",
        postgres=store == "postgres",
    )
    async with cluster:
        chance = random.Random(f"{store} {way} {seed}")
        outcome = await Restoring(cluster, plan, chance).play(stopped=way == "stopped")
    say(
        f"restore {store} {way} {seed}: {outcome.messages} messages, in the new epoch after "
        f"{outcome.noticed:.1f} s, everything shown {outcome.shown:.1f} s later, "
        f"{outcome.repaired} read positions mended"
    )
    assert not outcome.problems, "\n".join(outcome.problems)
    return outcome.shown


@pytest.mark.timeout(300)
@pytest.mark.parametrize("store", _STORES)
@pytest.mark.parametrize("way", _WAYS)
async def test_every_client_shows_the_store_again(
    store: str, way: str, tmp_path: Path, firestore_emulator: str, say: Say
) -> None:
    """Over two instances under traffic: nothing else is shown, and no number is without a
    message. Running instances notice by themselves; nobody says `new_epoch`."""
    await restore(store, way, Plan(), 1, tmp_path, firestore_emulator, say)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("store", _STORES)
@pytest.mark.parametrize("way", _WAYS)
async def test_a_crowd_shows_the_store_in_time(
    store: str, way: str, seed: int, tmp_path: Path, firestore_emulator: str, say: Say
) -> None:
    """Within ten seconds of its reconnect."""
    shown = await restore(store, way, FULL, seed, tmp_path, firestore_emulator, say)

    assert shown <= _SHOWN_SECONDS * _SLACK
