"""The suite notices: with any one rule of delivery broken, some case fails."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.cases import CASES
from tests.chaos.cluster import Cluster
from tests.chaos.conftest import Say
from tests.chaos.crowd import SHORT
from tests.chaos.report import details
from tests.chaos.sabotage import SABOTAGES
from tests.chaos.scene import play
from tests.clients.known import Wrong
from tests.servers.forked import run_python

REVEALED_BY = {
    "gaps": ("last-event-lost", {Wrong.LOST, Wrong.LATE}),
    "duplicates": ("redis-slow", {Wrong.DOUBLED}),
    "order": ("redis-slow", {Wrong.DISORDERED, Wrong.HOLE}),
    "removals": ("removed", {Wrong.LEAKED}),
    "beacons": ("last-event-lost", {Wrong.LATE}),
    "notes": ("said-without-redis", {Wrong.LATE}),
}
"""A case, and what is found wrong by it."""

SIZE = replace(SHORT, conversations=4)


def test_every_sabotage_is_tried() -> None:
    """There is a case for each of them."""
    assert REVEALED_BY.keys() == SABOTAGES.keys()


def test_every_sabotage_fits_what_it_breaks() -> None:
    """In a process of its own, which is broken afterwards."""
    code = (
        "import django; django.setup(set_prefix=False)\n"
        "from tests.chaos.sabotage import SABOTAGES\n"
        "for sabotage in SABOTAGES.values(): sabotage()"
    )
    run_python("-c", code, environment=os.environ, check=True)


@pytest.mark.chaos
@pytest.mark.parametrize("sabotage", REVEALED_BY)
async def test_is_noticed(sabotage: str, tmp_path: Path, firestore_emulator: str, say: Say) -> None:
    """By a case that passes with the product as it is."""
    name, wrongs = REVEALED_BY[sabotage]
    case = replace(CASES[name], recovers_within=4.0)  # it will not, or much later
    async with Cluster(
        folder=tmp_path,
        emulator=firestore_emulator,
        application="tests.chaos.sabotaged_asgi:application",
        settings={"SABOTAGE": sabotage},
    ) as cluster:
        outcome = await play(case, cluster, seed=1, size=SIZE, say=say)

    found = {violation.wrong for violation in outcome.violations}
    say(f"{sabotage}: {', '.join(sorted(wrong.name.lower() for wrong in found))}")
    assert wrongs & found, "\n".join(details(outcome))
