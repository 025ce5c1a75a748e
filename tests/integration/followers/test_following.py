"""A follower gets all changes, in order, whatever ends in between; and what that costs."""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.change import ChangeType
from messaging.followers.checkpoints import Checkpoints
from messaging.followers.follower import Followed, RetryLater
from messaging.followers.registry import list_registered
from messaging.followers.runner import LOOK_SECONDS
from messaging.instruments.follower_metrics import FOLLOWER_BEHIND_SECONDS
from messaging.instruments.metrics import CACHE_BYTES
from messaging.stores.firestore.documents.conversations import SHARDS
from messaging.stores.firestore.store import FirestoreStore
from tests.documents import counted_documents
from tests.integration.followers.stage import LocalRecorder, Recorder, Stage, end_leases
from tests.integration.stores.acting import add, edit

EVERY = [(-1, 1), (1, 2), (2, 3)]


def billed_reads() -> int:
    return counted_documents()["read"]


async def test_changes_of_this_process_come_in_order_and_cost_no_read(stage: Stage) -> None:
    """They come from memory, each kind by itself."""
    process, follower = stage.process(), LocalRecorder()
    runner = process.following.add_local(follower)
    group = await stage.group()
    process.following.founded(group)
    await runner.catch_up()
    before = billed_reads()
    await process.say(group, "one", "two")
    (_, message) = await stage.store.list_messages(group.id, first_seq=1, last_seq=2)
    await process.writer.submit(group.id, edit(message.id, "second"))
    await process.writer.submit(group.id, add("cid"))
    asked = billed_reads() - before

    await runner.catch_up()

    assert billed_reads() - before == asked
    founded, followed = follower.got
    assert (founded.since, founded.version, founded.whole) == (-1, 0, True)
    assert (followed.since, followed.version, followed.more) == (0, 4, False)
    assert [one.text for one in followed.messages] == ["one", "second"]
    assert [one.type for one in followed.changes or ()] == [
        ChangeType.MESSAGE_CREATED,
        ChangeType.MESSAGE_CREATED,
        ChangeType.MESSAGE_UPDATED,
        ChangeType.PARTICIPANT_ADDED,
    ]
    assert "cid" in followed.conversation.participants


async def test_what_a_dead_process_committed_is_found_by_the_sweep(stage: Stage) -> None:
    """It costs a read for each changed conversation, or for a shard without any; then one for the
    conversation and one for each message."""
    process, follower = stage.process(), LocalRecorder()
    runner = process.following.add_local(follower)
    quiet, loud = await stage.group(), await stage.group()
    await process.following.sweep()
    await process.say(quiet, "quiet")
    await process.say(loud, "first")
    await runner.catch_up()
    await process.say_and_die(loud, "second", "third")
    follower.got.clear()

    before = billed_reads()
    assert await process.following.sweep() == 1
    swept = billed_reads() - before
    await runner.catch_up()

    (followed,) = follower.got
    assert (followed.since, followed.version) == (1, 3)
    assert [message.text for message in followed.messages] == ["second", "third"]
    assert followed.changes is None
    assert billed_reads() - before - swept == 1 + 2
    if isinstance(stage.store, FirestoreStore):
        assert SHARDS <= swept <= SHARDS + 2
    else:
        assert swept == 2
    assert await process.following.sweep() == 0


async def test_what_has_no_room_in_memory_is_found_by_the_sweep(sql_stage: Stage) -> None:
    process, follower = sql_stage.process(), LocalRecorder()
    runner = process.following.add_local(follower)
    await runner.catch_up()
    await process.following.sweep()
    runner.inbox.most = 2
    groups = [await sql_stage.group() for _ in range(5)]
    for group in groups:
        await process.say(group, "hello")
    assert len(runner.inbox) == 2

    await process.following.sweep()
    await runner.catch_up()

    assert {one.conversation.id for one in follower.got} == {group.id for group in groups}


async def test_each_of_two_processes_moves_a_checkpoint_once(stage: Stage) -> None:
    """They commit to the same conversation, and share the follower."""
    one, other = stage.process(), stage.process()
    followers = LocalRecorder(), LocalRecorder()
    runners = [
        process.following.add_local(follower)
        for process, follower in zip((one, other), followers, strict=True)
    ]
    group = await stage.group()
    one.following.founded(group)
    await runners[0].catch_up()
    for number in range(5):
        await one.say(group, f"one {number}")
        await other.say(group, f"other {number}")
    await asyncio.gather(*(runner.catch_up() for runner in runners))
    await asyncio.gather(*(runner.catch_up() for runner in runners))

    got = sorted(
        (followed for follower in followers for followed in follower.got),
        key=lambda followed: followed.version,
    )
    assert [followed.since for followed in got[1:]] == [followed.version for followed in got[:-1]]
    assert got[-1].version == 10
    texts = [message.text for followed in got for message in followed.messages]
    assert texts == [f"{name} {number}" for number in range(5) for name in ("one", "other")]


async def test_a_remote_follower_gets_everything_in_order(stage: Stage) -> None:
    process, follower = stage.process(), Recorder()
    runner = process.following.add_remote(follower)
    group = await stage.group()
    for text in ("one", "two", "three"):
        await process.say(group, text)
        await runner.catch_up()
    assert follower.versions == EVERY
    assert follower.texts == ["one", "two", "three"]


async def test_a_failing_delivery_holds_only_its_conversation(sql_stage: Stage) -> None:
    class Failing(Recorder):
        refused = 0

        async def deliver(self, followed: Followed) -> None:
            if followed.conversation.id == bad.id and self.refused < 3:
                self.refused += 1
                raise RetryLater(0.0) if self.refused < 3 else OSError("refused")
            await super().deliver(followed)

    process, follower = sql_stage.process(), Failing()
    runner = process.following.add_remote(follower)
    good, bad = await sql_stage.group(), await sql_stage.group()
    await process.say(bad, "one", "two")
    await process.say(good, "three")
    await runner.catch_up()
    await process.say(bad, "four")
    await runner.catch_up()
    assert follower.refused == 3
    assert follower.texts == ["three"]

    async with asyncio.timeout(30):
        while len(follower.got) < 2:
            await runner.catch_up()
            await asyncio.sleep(0.05)
    assert follower.texts == ["three", "one", "two", "four"]


async def test_a_follower_that_goes_on_under_another_lease(sql_stage: Stage) -> None:
    """It gets the rest at once, and not at the next look for what is due."""

    class Slow(Recorder):
        leases = 0

        async def deliver(self, followed: Followed) -> None:
            self.leases += 1
            if self.leases < 8:
                raise RetryLater(0.0)
            await super().deliver(followed)

    process, follower = sql_stage.process(), Slow()
    process.following.add_remote(follower)
    group = await sql_stage.group()
    process.following.start()
    begun = time.monotonic()
    await process.say(group, "one")
    async with asyncio.timeout(60):
        while not follower.got:
            await asyncio.sleep(0.05)
    await process.following.stop()

    assert time.monotonic() - begun < 7 * LOOK_SECONDS[0]


async def test_a_killed_process_leaves_its_conversation_to_another_one(stage: Stage) -> None:
    """Until the lease ends, nobody else hands on the changes."""
    begun = asyncio.Event()

    class Hanging(Recorder):
        async def deliver(self, followed: Followed) -> None:
            begun.set()
            await asyncio.Event().wait()

    killed, follower = stage.process(), Recorder()
    dying = killed.following.add_remote(Hanging())
    heir = stage.process()
    runner = heir.following.add_remote(follower)
    group = await stage.group()
    await killed.say(group, "one")
    task = asyncio.create_task(dying.catch_up())
    await begun.wait()
    heir.following.changed(group.id)
    await runner.catch_up()
    assert follower.got == []

    await dying.stop()
    task.cancel()
    await end_leases(stage)
    await runner.catch_up()
    assert follower.texts == ["one"]


async def test_a_follower_from_now_on_gets_nothing_from_before(stage: Stage) -> None:
    process = stage.process()
    old, used = await stage.group(), await stage.group()
    await process.say(old, "before")
    await process.say(used, "before")
    follower = Recorder(from_beginning=False)
    runner = process.following.add_remote(follower)
    await runner.catch_up()
    await process.following.sweep()
    await process.say(used, "after")
    await process.say_and_die(used, "later")
    new = await stage.group()
    process.following.founded(new)
    await process.say(new, "new")
    await process.following.sweep()
    await runner.catch_up()
    texts = {
        group.id: [
            message.text
            for followed in follower.got
            for message in followed.messages
            if followed.conversation.id == group.id
        ]
        for group in (old, used, new)
    }
    assert texts == {old.id: [], used.id: ["after", "later"], new.id: ["new"]}


async def test_a_new_follower_walks_through_everything_and_continues(stage: Stage) -> None:
    """A walk that was stopped goes on where it was, and a long conversation comes in pages."""
    process = stage.process()
    groups = [await stage.group() for _ in range(60)]
    for group in groups[:3]:
        await process.say(group, "hello")
    await asyncio.gather(*(process.say(groups[0], f"{number}") for number in range(250)))
    first = LocalRecorder()
    runner = process.following.add_local(first)
    step = await runner.walk()
    assert step is not None
    assert (step.visited, step.complete) == (50, False)

    heir, second = stage.process(), LocalRecorder()
    runner = heir.following.add_local(second)
    while (step := await runner.walk()) is not None:
        pass
    await runner.catch_up()

    got = [*first.got, *second.got]
    assert {one.conversation.id for one in got} == {group.id for group in groups}
    long = [one for one in got if one.conversation.id == groups[0].id]
    assert [one.whole for one in long] == [True, *[False] * (len(long) - 1)]
    texts = [message.text for one in long for message in one.messages]
    assert len(texts) == len(set(texts)) == 251
    assert runner.behind < 5


async def test_a_restored_store_is_followed_anew(stage: Stage) -> None:
    """Checkpoints of another epoch are void, also those ahead of the store."""
    process, follower = stage.process(), LocalRecorder()
    runner = process.following.add_local(follower)
    group = await stage.group()
    await process.say(group, "one", "two")
    await runner.catch_up()
    follower.got.clear()

    stage.epochs.id = "second"
    await runner.catch_up()
    while await runner.walk() is not None:
        pass
    await runner.catch_up()
    (followed,) = follower.got
    assert (followed.whole, followed.epoch) == (True, "second")
    assert [message.text for message in followed.messages] == ["one", "two"]


async def test_changes_that_cannot_be_written_hold_up_no_others(sql_stage: Stage) -> None:
    process = sql_stage.process()
    good, bad = await sql_stage.group(), await sql_stage.group()
    follower = LocalRecorder(fails_at={bad.id})
    runner = process.following.add_local(follower)
    await process.say(bad, "bad")
    await process.say(good, "good")
    await runner.catch_up()
    assert [one.conversation.id for one in follower.got] == [good.id]

    follower.fails_at.clear()
    async with asyncio.timeout(30):
        while len(follower.got) < 2:
            await runner.catch_up()
            await asyncio.sleep(0.05)
    assert follower.got[1].messages[0].text == "bad"


async def test_a_checkpoint_moves_in_one_statement(sql_stage: Stage) -> None:
    """A process that is killed leaves no conversation that is half read and not due."""
    checkpoints = Checkpoints("follower", owner="")
    found: list[tuple[int, bool, int, bool]] = []

    def move(database: BaseDatabaseWrapper) -> None:
        for version, generation, more_until in (
            (1, 1, 9),  # new
            (2, 1, 9),
            (3, 2, None),  # of another generation
            (4, 3, 9),
            (9, 3, None),
        ):
            before = checkpoints.get(database, ["c"])["c"]
            statements: list[str] = []
            with database.execute_wrapper(noting(statements)):
                moved = checkpoints.move(
                    database, before, generation=generation, version=version, more_until=more_until
                )
            writes = [one for one in statements if "messaging_checkpoint" in one]
            after = checkpoints.get(database, ["c"])["c"]
            assert (moved, after.version, after.generation) == (True, version, generation)
            assert not checkpoints.move(database, before, generation=generation, version=version)
            found.append((len(writes), after.due, after.known_version, "c" in due(database)))

    def noting(statements: list[str]) -> Callable[..., Any]:
        def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            statements.append(sql)
            return execute(sql, *rest)

        return note

    def due(database: BaseDatabaseWrapper) -> Sequence[str]:
        return checkpoints.list_due(database, limit=10)

    await sql_stage.calls.write("follow", move)
    assert found == [
        (1, True, 9, True),
        (1, True, 9, True),
        (1, False, -1, False),
        (1, True, 9, True),
        (1, False, 9, False),
    ]


async def test_a_removed_follower_leaves_nothing(sql_stage: Stage) -> None:
    process, follower = sql_stage.process(), Recorder()
    runner = process.following.add_remote(follower)
    group = await sql_stage.group()
    await process.say(group, "one")
    await runner.catch_up()
    behind = FOLLOWER_BEHIND_SECONDS.labels(follower.name)
    behind.set(400)
    await process.following.remove(follower.name, for_good=True)
    (metric,) = behind.collect()
    assert metric.samples[0].value == 0

    def left(database: BaseDatabaseWrapper) -> tuple[int, bool]:
        known = Checkpoints(follower.name, owner="").get(database, [group.id])
        return len(list_registered(database)), known[group.id].stored

    assert await sql_stage.calls.read("follow", left) == (0, False)


async def test_a_removed_follower_leaves_room_for_the_others(sql_stage: Stage) -> None:
    """They share the bound of what waits in memory. An endpoint that hangs has much waiting when
    it is switched off."""
    process = sql_stage.process()
    process.following.add_remote(Recorder())
    await process.say(await sql_stage.group(), "one", "two")

    def waiting() -> float:
        (metric,) = CACHE_BYTES.collect()
        return sum(one.value for one in metric.samples if one.labels["cache"] == "followers")

    assert waiting() > 0
    await process.following.remove("recorder")

    assert waiting() == 0


async def test_a_running_follower_needs_no_call(stage: Stage) -> None:
    process, follower = stage.process(), Recorder()
    process.following.add_remote(follower)
    process.following.start()
    try:
        group = await stage.group()
        await process.say(group, "one", "two")
        async with asyncio.timeout(30):
            while follower.texts != ["one", "two"]:
                await asyncio.sleep(0.02)
    finally:
        await process.following.stop()


async def test_what_comes_while_others_are_handled_is_gathered(sql_stage: Stage) -> None:
    """Otherwise a busy follower would write each change in a transaction of its own."""
    loop = asyncio.get_running_loop()
    written_at: list[float] = []

    class Busy(LocalRecorder):
        def write(self, database: BaseDatabaseWrapper, followed: Sequence[Followed]) -> list[str]:
            written_at.append(time.monotonic())
            super().write(database, followed)
            if waiting:  # a change comes before this transaction ends
                asyncio.run_coroutine_threadsafe(change(waiting.pop()), loop).result()
            return []

    async def change(group_id: str) -> None:
        process.following.changed(group_id)

    process, follower = sql_stage.process(), Busy(from_beginning=False)
    await process.following.add_local(follower).catch_up()
    groups = [await sql_stage.group() for _ in range(4)]
    waiting = [group.id for group in groups]
    process.following.start()
    try:
        process.following.changed(waiting.pop())
        async with asyncio.timeout(60):
            while len(follower.got) < len(groups):
                await asyncio.sleep(0.02)
    finally:
        await process.following.stop()

    assert len(written_at) > 1
    assert all(second - first > 0.4 for first, second in pairwise(written_at))


@pytest.mark.parametrize("kills", [5])
async def test_nothing_is_lost_in_crashes_at_random_moments(stage: Stage, kills: int) -> None:
    """Each process is stopped in the middle of its work, and loses its memory."""
    groups = [await stage.group() for _ in range(4)]
    got: list[Followed] = []
    for life in range(kills):
        process = stage.process()
        follower = Recorder(got=got)
        process.following.add_remote(follower)
        process.following.start()
        for number in range(6):
            await process.say(groups[number % 4], f"{life} {number}")
            await asyncio.sleep(0.03 * (life % 3))
        await process.following.stop()
        await end_leases(stage)
    heir = stage.process()
    runner = heir.following.add_remote(Recorder(got=got))
    await runner.catch_up()
    await heir.following.sweep()
    await runner.catch_up()
    for group in groups:
        mine = [one for one in got if one.conversation.id == group.id]
        reached = -1
        for one in mine:  # repeats are allowed, holes and steps back are not
            assert one.since <= reached
            reached = max(reached, one.version)
        stored = await stage.store.get_conversation(group.id)
        assert stored is not None
        assert reached == stored.version
