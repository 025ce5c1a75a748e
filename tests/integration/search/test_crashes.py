"""After processes were killed at random moments, the index has what the store has."""

import asyncio
import signal
from collections.abc import Mapping

import pytest

from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.search.comparing import end_leases, expected, require_equal
from tests.servers.forked import run_python


@pytest.mark.parametrize("stored", ["sql"], indirect=True)
async def test_two_crashes(environment: Mapping[str, str]) -> None:
    await crash_and_compare(environment, crashes=2)


@pytest.mark.chaos
async def test_twenty_crashes(environment: Mapping[str, str]) -> None:
    await crash_and_compare(environment, crashes=20)


async def crash_and_compare(environment: Mapping[str, str], *, crashes: int) -> None:
    for seed in range(crashes):
        died = await asyncio.to_thread(
            run_python, "-m", "tests.integration.search.dying", str(seed), environment=environment
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        await end_leases()
    async with new_instance() as heir:
        assert heir.search is not None
        await catch_up(heir)
        await require_equal(heir)
        assert (await expected(heir.store)).words


async def catch_up(instance: Instance) -> None:
    """Let the index follow, as a running instance does."""
    assert instance.search is not None
    await instance.search.catch_up()
    while await instance.search.walk() is not None:
        pass
    await instance.following.sweep()
    await instance.search.catch_up()
