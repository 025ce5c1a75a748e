"""The state of a move of the store in `DATABASE_URL`."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import StoreMoveRecord, StoreProcessRecord, TouchedRecord
from messaging.stores.database.moves import MoveStore
from messaging.stores.sql.store import SqlStore
from messaging.stores.switching.move import Busy, FormerStore, Phase, Report

_LONG = 3600.0
_ONE = Report(boot_id="one", name="first", role="instance", setting="sql", kind="sql")


@pytest_asyncio.fixture
async def moves(database_store: SqlStore) -> MoveStore:
    """Of a database in which nothing was ever moved."""
    await database_store.calls.write("clear", _clear)
    return MoveStore(database_store.calls)


def _clear(database: BaseDatabaseWrapper) -> None:
    for model in (StoreMoveRecord, StoreProcessRecord, TouchedRecord):
        model._default_manager.using(database.alias).all().delete()


async def _began(moves: MoveStore) -> MoveStore:
    await moves.acquire("me", seconds=_LONG)
    assert await moves.begin("me", source="sql", target="firestore")
    return moves


async def test_one_command_at_a_time_has_the_lease(moves: MoveStore) -> None:
    await moves.acquire("me", seconds=_LONG)
    with pytest.raises(Busy, match="me"):
        await moves.acquire("another", seconds=_LONG)
    assert not await moves.begin("another", source="sql", target="firestore")
    assert not await moves.renew("another", seconds=_LONG)
    await moves.release("another")
    assert (await moves.look()).owner == "me"
    await moves.release("me")
    assert (await moves.acquire("another", seconds=0.0)).phase is Phase.IDLE
    assert not await moves.begin("another", source="sql", target="firestore")
    await moves.acquire("me", seconds=_LONG)


async def test_the_steps_of_a_move(moves: MoveStore) -> None:
    """Nothing is frozen before everything was compared, and nothing is switched while something is
    not copied."""
    await _began(moves)
    begun = await moves.look()
    assert (begun.phase, begun.in_force) == (Phase.FOLLOWING, "sql")
    assert not await moves.begin("me", source="sql", target="firestore")
    assert not await moves.freeze("me", seconds=_LONG)
    assert await moves.passed("me", await moves.now())
    assert not await moves.switch("me")
    assert await moves.freeze("me", seconds=_LONG)
    frozen = await moves.look()
    assert frozen.phase is Phase.FREEZING
    assert frozen.step > begun.step
    await moves.report(replace(_ONE, watched=True, lease=_LONG, touched=["person/a"]))
    assert not await moves.switch("me")
    (touched,) = await moves.list_touched(limit=10)
    await moves.report(replace(_ONE, watched=True, lease=_LONG, touched=["person/a"]))
    await moves.settle([touched])
    assert not await moves.switch("me"), "it was changed once more"
    await moves.settle(await moves.list_touched(limit=10))
    assert await moves.switch("me")
    switched = await moves.look()
    assert (switched.phase, switched.in_force) == (Phase.IDLE, "firestore")
    assert not await moves.begin("me", source="sql", target="firestore"), "it is not in use"
    assert not await moves.abort("me")
    assert switched.kind_for("sql") == "firestore"
    assert not await moves.forget("me"), "it is not confirmed"
    assert await moves.confirm("me")
    confirmed = await moves.look()
    assert (confirmed.in_force, confirmed.moved_to) == ("", "firestore")
    assert confirmed.kind_for("firestore") == "firestore"
    with pytest.raises(FormerStore, match="Set CHAT_STORE=firestore"):
        confirmed.kind_for("sql")
    assert await moves.forget("me")
    assert (await moves.look()).kind_for("sql") == "sql"


async def test_a_freeze_ends_by_itself(moves: MoveStore) -> None:
    """Any report ends it after its time. Then it cannot switch any more."""
    await _began(moves)
    await moves.passed("me", await moves.now())
    assert await moves.freeze("me", seconds=0.0)
    assert not await moves.switch("me")
    assert (await moves.report(_ONE)).phase is Phase.FOLLOWING
    assert not await moves.switch("me")
    assert await moves.thaw("me")


async def test_a_dropped_process_makes_a_complete_comparison_necessary(moves: MoveStore) -> None:
    await _began(moves)
    await moves.report(replace(_ONE, step=1, watched=True, lease=-60.0))
    await moves.passed("me", await moves.now())
    (found,) = await moves.list_processes()
    assert found.lapsed_seconds is not None
    assert found.lapsed_seconds >= 60
    await moves.drop(["unknown"])
    assert (await moves.look()).passed_at is not None
    await moves.drop([found.boot_id])
    assert (await moves.look()).passed_at is None
    assert await moves.list_processes() == []


async def test_what_a_process_wrote_unwatched_stays_known(moves: MoveStore) -> None:
    await moves.report(replace(_ONE, watched=True))
    assert (await moves.list_processes())[0].unwatched_until is None
    await moves.report(_ONE)
    (unwatched,) = await moves.list_processes()
    assert unwatched.unwatched_until is not None
    await moves.report(replace(_ONE, watched=True))
    assert (await moves.list_processes())[0].unwatched_until == unwatched.unwatched_until
    await moves.leave("one", ["person/a"])
    assert await moves.list_processes() == []


async def test_an_aborted_move_leaves_the_source_in_force(moves: MoveStore) -> None:
    await _began(moves)
    await moves.report(replace(_ONE, touched=["person/a"]))
    assert await moves.abort("me")
    ended = await moves.look()
    assert (ended.phase, ended.in_force, ended.moved_to) == (Phase.IDLE, "sql", "")
    assert await moves.list_touched(limit=10) == []


async def test_processes_report_at_the_same_time(moves: MoveStore) -> None:
    """Many of them, with changes in common."""
    reports = [
        replace(_ONE, boot_id=f"process-{number}", touched=[f"person/{key}" for key in range(9)])
        for number in range(12)
    ]
    await asyncio.gather(*map(moves.report, reports))
    assert len(await moves.list_processes()) == 12
    assert len(await moves.list_touched(limit=100)) == 9
