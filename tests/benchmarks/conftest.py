"""The emulator that a benchmark measures, and what the short versions share."""

from collections.abc import Iterator, Sequence

import pytest

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from tests.benchmarks.children import Child, children
from tests.conftest import skip_or_fail

VARIABLE = "FIRESTORE_EMULATOR_HOST"


@pytest.fixture
def own_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh one, for this benchmark alone: what an emulator holds makes it slower."""
    try:
        with own_firestore_emulator() as (host, _):
            monkeypatch.setenv(VARIABLE, host)
            yield host
    except EmulatorMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture
def shared_emulator(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """That of the whole test run, for what only tries whether a benchmark works."""
    monkeypatch.setenv(VARIABLE, firestore_emulator)
    return firestore_emulator


@pytest.fixture(scope="session")
def _children(
    firestore_emulator: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sequence[Child]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('benchmarks') / 'short.sqlite3'}"
    with children(3, DATABASE_URL=url, **{VARIABLE: firestore_emulator}) as started:
        yield started


@pytest.fixture
def three_children(_children: Sequence[Child], shared_emulator: str) -> Sequence[Child]:
    """On that emulator, for all short versions together: to start them takes longest."""
    return _children
