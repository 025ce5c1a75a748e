"""What a follower does with its checkpoints: failures, absent conversations, and locks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.identifiers import random_id
from messaging.followers.checkpoints import Checkpoint, Checkpoints
from messaging.followers.follower import Followed, RetryLater
from messaging.models import CheckpointRecord
from tests.integration.followers.stage import LocalRecorder, Recorder, Stage


async def test_only_failures_count_as_attempts(sql_stage: Stage) -> None:
    """The pause grows with them. To go on under another lease is none."""

    class Slow(Recorder):
        leases = 0

        async def deliver(self, followed: Followed) -> None:
            self.leases += 1
            raise RetryLater(60.0 if self.leases == 4 else 0.0)

    process, follower = sql_stage.process(), Slow()
    runner = process.following.add_remote(follower)
    group = await sql_stage.group()
    await process.say(group, "one")
    async with asyncio.timeout(30):
        while follower.leases < 4:
            await runner.catch_up()
            await asyncio.sleep(0.02)
    await runner.catch_up()

    def attempts(database: BaseDatabaseWrapper) -> Sequence[int]:
        records = CheckpointRecord.objects.using(database.alias)
        return list(records.values_list("attempts", flat=True))

    assert await sql_stage.calls.read("follow", attempts) == [1]


@pytest.mark.parametrize(("retry_after", "attempts"), [(60.0, 1), (None, 0)])
async def test_a_lease_ends_although_the_sweep_has_marked_the_conversation(
    sql_stage: Stage, retry_after: float | None, attempts: int
) -> None:
    """Otherwise its changes would wait until the lease has run out. What was marked stays due."""
    checkpoints, id_ = Checkpoints("recorder", owner="me"), random_id()

    def lease_and_mark(database: BaseDatabaseWrapper) -> CheckpointRecord:
        leased = checkpoints.claim(database, id_, seconds=60.0)
        assert isinstance(leased, Checkpoint)
        checkpoints.mark(database, {id_: 7}, generation=0)
        checkpoints.release(database, leased, retry_after=retry_after)
        return CheckpointRecord.objects.using(database.alias).get(conversation_id=id_)

    found = await sql_stage.calls.write("follow", lease_and_mark)

    assert (found.owner, found.leased_until) == ("", None)
    assert (found.known_version, found.attempts) == (7, attempts)
    assert found.due_at is not None


async def test_an_absent_conversation_is_discarded_in_portions(sql_stage: Stage) -> None:
    """Its checkpoint is deleted with the last one."""
    process, follower, absent = sql_stage.process(), LocalRecorder(portions=3), random_id()
    runner = process.following.add_local(follower)
    await runner.catch_up()
    await sql_stage.calls.write("follow", keep_checkpoint, absent)

    process.following.changed(absent)
    await runner.catch_up()

    assert follower.forgotten == [absent] * 3
    assert await sql_stage.calls.read("follow", checkpoints) == []


async def test_a_walk_discards_absent_conversations_beside_those_that_it_keeps(
    sql_stage: Stage,
) -> None:
    """A conversation that cannot be handled keeps its checkpoint of before."""
    process, kept = sql_stage.process(), await sql_stage.group()
    follower, absent = LocalRecorder(), ["0" * 26, "z" * 26]
    runner = process.following.add_local(follower)
    await process.say(kept, "one")
    await runner.catch_up()
    for conversation_id in absent:
        await sql_stage.calls.write("follow", keep_checkpoint, conversation_id)
    follower.fails_at = {kept.id}
    await process.following.rebuild(follower.name)

    while await runner.walk() is not None:
        pass

    assert follower.forgotten == absent
    assert await sql_stage.calls.read("follow", checkpoints) == [kept.id]


def keep_checkpoint(database: BaseDatabaseWrapper, conversation_id: str) -> None:
    """Store a checkpoint of the local follower in its first generation."""
    at = Checkpoints("local", owner="")
    at.move(database, at.get(database, [conversation_id])[conversation_id], generation=1, version=1)


def checkpoints(database: BaseDatabaseWrapper) -> Sequence[str]:
    records = CheckpointRecord.objects.using(database.alias)
    return list(records.values_list("conversation_id", flat=True))


@pytest.mark.parametrize("each_database", ["sqlite"], indirect=True)
async def test_checkpoints_are_locked_in_one_order(sql_stage: Stage) -> None:
    """New ones and others: two processes that lock the same rows do not wait for each other."""
    written: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("UPDATE messaging_checkpoint", "INSERT INTO messaging_checkpoint")):
            written.extend(
                one for row in (params if many else [params]) for one in row if one in ids
            )
        return execute(sql, params, many, context)

    class Noting(LocalRecorder):
        def write(
            self, database: BaseDatabaseWrapper, followed: Sequence[Followed]
        ) -> Sequence[str]:
            if note not in database.execute_wrappers:  # SQLite has one thread that writes
                database.execute_wrappers.append(note)
            return super().write(database, followed)

    process = sql_stage.process()
    runner = process.following.add_local(Noting())
    groups = sorted([await sql_stage.group() for _ in range(4)], key=lambda group: group.id)
    ids = [group.id for group in groups]
    for group in (groups[1], groups[3]):
        await process.say(group, "known")
    await runner.catch_up()
    written.clear()
    for group in groups:
        await process.say(group, "hello")

    await runner.catch_up()

    assert written == ids
