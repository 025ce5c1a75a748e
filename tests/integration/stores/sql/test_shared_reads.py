"""Reads of many people at once: few calls of a thread, and each read has its own answer."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from prometheus_client import REGISTRY

from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.sql.connections.shared_reads import SharedReads
from messaging.stores.sql.store import SqlStore

_OPERATION = "list_memberships"
_AT_ONCE = 2
_TOGETHER = 16

Work = Callable[[BaseDatabaseWrapper], int]


def calls() -> float:
    """How many calls of a thread were answered."""
    labels = {"operation": _OPERATION}
    return REGISTRY.get_sample_value("chat_store_seconds_count", labels) or 0.0


def answer(number: int) -> Work:
    def work(database: BaseDatabaseWrapper) -> int:
        with database.cursor() as cursor:
            cursor.execute("SELECT %s", [number])
            return int(cursor.fetchone()[0])

    return work


def fail(error: Exception) -> Work:
    def work(database: BaseDatabaseWrapper) -> int:
        raise error

    return work


class Holding:
    """The first reads, which last until `release`; further ones wait."""

    def __init__(self, shared: SharedReads) -> None:
        self._released = threading.Event()
        self.reads = [asyncio.ensure_future(shared.read(self._hold)) for _ in range(_AT_ONCE)]

    def _hold(self, database: BaseDatabaseWrapper) -> int:
        assert self._released.wait(10)
        return -1

    def release(self) -> None:
        self._released.set()


@pytest.fixture
def shared(sql_store: SqlStore) -> SharedReads:
    return SharedReads(sql_store.calls, _OPERATION)


async def begun(shared: SharedReads, *works: Work) -> tuple[Holding, list[asyncio.Task[int]]]:
    """Reads that wait together behind others."""
    holding = Holding(shared)
    await asyncio.sleep(0)
    reads = [asyncio.ensure_future(shared.read(work)) for work in works]
    await asyncio.sleep(0)
    return holding, reads


async def test_what_waits_together_shares_a_call(shared: SharedReads) -> None:
    before = calls()
    holding, reads = await begun(shared, *(answer(number) for number in range(_TOGETHER)))
    holding.release()

    assert await asyncio.gather(*reads) == list(range(_TOGETHER))
    await asyncio.gather(*holding.reads)
    assert calls() - before == _AT_ONCE + 1


async def test_one_that_meets_no_other_waits_for_nobody(shared: SharedReads) -> None:
    before = calls()
    for number in range(5):
        assert await shared.read(answer(number)) == number
    assert calls() - before == 5


async def test_an_error_concerns_one_reader(shared: SharedReads) -> None:
    holding, reads = await begun(shared, answer(1), fail(ValueError("damaged")), answer(3))
    holding.release()

    first, second, third = await asyncio.gather(*reads, return_exceptions=True)
    assert (first, third) == (1, 3)
    assert isinstance(second, ValueError)


async def test_a_lost_connection_concerns_all_of_its_call(shared: SharedReads) -> None:
    holding, reads = await begun(shared, answer(1), fail(OperationalError("gone")), answer(3))
    holding.release()

    outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert await shared.read(answer(4)) == 4


async def test_who_has_left_is_not_read_for(shared: SharedReads) -> None:
    read_for: list[str] = []

    def gone(database: BaseDatabaseWrapper) -> int:
        read_for.append("gone")
        return 0

    holding, reads = await begun(shared, gone, answer(2))
    reads[0].cancel()
    await asyncio.sleep(0)
    holding.release()

    assert await reads[1] == 2
    assert read_for == []
