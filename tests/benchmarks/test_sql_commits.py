"""What a commit of the SQL store takes, on SQLite and on PostgreSQL."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from pytest_django import DjangoDbBlocker

from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, sending
from tests.integration.stores.databases import added_database

ROUNDS = 30
SIZES = (1, 10, 100)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def alias(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[str]:
    if request.param == "SQLite":
        url = f"sqlite:///{tmp_path / 'commits.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_server")
    with (
        added_database(request.param, url, django_db_blocker) as alias,
        django_db_blocker.unblock(),
    ):
        yield alias


@pytest.mark.benchmark
async def test_group_commits(alias: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A message in a group commit of 100 takes less than a fifth of one that comes alone."""
    store = SqlStore(using=alias)
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size in SIZES:
            commit = sending(conversation, *["What was said"] * size)
            started = time.perf_counter()
            conversation = await store.commit(commit)
            taken[size].append((time.perf_counter() - started) * 1_000)
    await store.close()

    figures = ", ".join(f"{size}: {median(taken[size]):.2f} ms" for size in SIZES)
    with capsys.disabled():
        print(f"\ncommits of so many messages on {alias}: {figures}")
    assert median(taken[100]) / 100 < median(taken[1]) / 5
