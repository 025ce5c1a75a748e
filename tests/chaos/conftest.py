"""Clusters for the short form, and a line to the terminal whatever pytest captures."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.cluster import Cluster

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request would hide the rest

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return say


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="cluster")
async def _cluster(
    tmp_path_factory: pytest.TempPathFactory, firestore_emulator: str
) -> AsyncIterator[Cluster]:
    """Three instances for all cases of the short form, one after the other. In the end, what is
    stored is right."""
    folder: Path = tmp_path_factory.mktemp("chaos")
    async with Cluster(folder=folder, emulator=firestore_emulator) as cluster:
        yield cluster
        right, words = await cluster.verify()
        assert right, words
