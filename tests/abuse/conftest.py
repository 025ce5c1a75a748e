"""Servers for the short form: one of each for all attacks, one after the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abuse.stand import Stand, stand
from tests.benchmarks.children import Child, children


@pytest.fixture(scope="module", name="place")
def _place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """The server of this name on SQLite, with bystanders."""
    folder: Path = tmp_path_factory.mktemp("abuse")
    with stand(request.param, {}, folder, core=None) as place:
        yield place


@pytest.fixture(scope="module", name="attackers")
def _attackers() -> Iterator[Child]:
    """The process that attacks."""
    with children(1, module="tests.abuse.attacker") as (attackers,):
        yield attackers
