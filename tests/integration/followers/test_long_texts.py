"""Changes with long texts are written in short transactions: on SQLite, sends wait for these."""

from collections.abc import Sequence

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.changes.messages.deleting import DeleteMessage
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.checkpoints import Checkpoint, Checkpoints
from messaging.followers.follower import Followed
from tests.documents import counted_documents
from tests.integration.followers.stage import LocalRecorder, Process, Stage
from tests.integration.stores.acting import edit

MESSAGES = 25
LONG = 10_000
MOST = 100_000
"""The characters in one transaction."""


class Transactions(LocalRecorder):
    """A follower that keeps how many characters each transaction had."""

    def __init__(self) -> None:
        super().__init__()
        self.characters: list[int] = []
        self.error: Exception | None = None
        """Raised from the third transaction on."""

    def write(self, database: BaseDatabaseWrapper, followed: Sequence[Followed]) -> Sequence[str]:
        if self.error is not None and len(self.characters) == 2:
            raise self.error
        texts = [message.text or "" for one in followed for message in one.messages]
        self.characters.append(sum(map(len, texts)))
        return super().write(database, followed)

    def show_everything(self, group: Conversation) -> bool:
        """Return whether it got all changes of the conversation, in order and once."""
        got = [one for one in self.got if one.conversation.id == group.id]
        versions = [one.version for one in got]
        texts = [message.text for one in got for message in one.messages]
        return (
            [one.since for one in got] == [got[0].since, *versions[:-1]]
            and [one.more for one in got] == [*[True] * (len(got) - 1), False]
            and texts == [text_of(number) for number in range(MESSAGES)]
        )


def text_of(number: int) -> str:
    return f"{number} ".ljust(LONG, "語")


async def say(process: Process, group: Conversation) -> None:
    await process.say(group, *map(text_of, range(MESSAGES)))


async def checkpoint_of(stage: Stage, group: Conversation) -> Checkpoint:
    checkpoints = Checkpoints(LocalRecorder.name, owner="")
    return (await stage.calls.read("follow", checkpoints.get, [group.id]))[group.id]


async def test_from_memory_they_cost_no_read(stage: Stage) -> None:
    process, follower = stage.process(), Transactions()
    runner = process.following.add_local(follower)
    long, short = await stage.group(), await stage.group()
    for group in (long, short):
        process.following.founded(group)
    await runner.catch_up()
    follower.characters.clear()
    follower.got.clear()
    await say(process, long)
    await process.say(short, "short")
    before = counted_documents()["read"]

    await runner.catch_up()

    assert counted_documents()["read"] == before
    assert follower.show_everything(long)
    (followed,) = (one for one in follower.got if one.conversation.id == short.id)
    assert [message.text for message in followed.messages] == ["short"]
    assert len(follower.characters) == 3
    assert max(follower.characters) <= MOST
    assert not (await checkpoint_of(stage, long)).due


async def test_from_the_store(stage: Stage) -> None:
    process, follower = stage.process(), Transactions()
    group = await stage.group()
    await say(process, group)
    runner = process.following.add_local(follower)
    while await runner.walk() is not None:
        pass

    assert follower.show_everything(group)
    assert [one.whole for one in follower.got] == [True, False, False]
    assert max(follower.characters) <= MOST
    assert not (await checkpoint_of(stage, group)).due


async def test_a_part_shows_messages_as_they_are_now(sql_stage: Stage) -> None:
    process, follower = sql_stage.process(), Transactions()
    runner = process.following.add_local(follower)
    group = await sql_stage.group()
    process.following.founded(group)
    await say(process, group)
    first, second = await sql_stage.store.list_messages(group.id, first_seq=1, last_seq=2)
    await process.writer.submit(group.id, edit(first.id, "edited"))
    await process.writer.submit(group.id, DeleteMessage(user_id="ann", message_id=second.id))

    await runner.catch_up()

    shown = {
        seq: [one.text for got in follower.got for one in got.messages if one.seq == seq]
        for seq in (1, 2)
    }
    assert set(shown[1]) == {"edited"}
    assert set(shown[2]) == {None}
    changes = [one.version for got in follower.got for one in got.changes or ()]
    assert changes == list(range(1, MESSAGES + 3))


async def test_after_a_part_that_fails_none_follows(sql_stage: Stage) -> None:
    process, follower = sql_stage.process(), Transactions()
    runner = process.following.add_local(follower)
    bad, good = await sql_stage.group(), await sql_stage.group()
    for group in (bad, good):
        process.following.founded(group)
    await runner.catch_up()
    follower.characters.clear()
    follower.got.clear()
    await say(process, bad)
    follower.error = ValueError("not writable")
    await runner.catch_up()
    checkpoint = await checkpoint_of(sql_stage, bad)
    assert (checkpoint.version, checkpoint.attempts, checkpoint.due) == (18, 1, True)

    follower.error = None
    await process.say(good, "good")
    await runner.catch_up()
    assert follower.got[-1].conversation.id == good.id


async def test_a_process_that_dies_between_two_parts_leaves_the_rest_due(sql_stage: Stage) -> None:
    """To another process, which begins after the last part that was written."""
    process, follower = sql_stage.process(), Transactions()
    runner = process.following.add_local(follower)
    group = await sql_stage.group()
    process.following.founded(group)
    await runner.catch_up()
    follower.characters.clear()
    follower.got.clear()
    await say(process, group)
    follower.error = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await runner.catch_up()
    assert (await checkpoint_of(sql_stage, group)).due

    follower.error = None
    heir = sql_stage.process()
    heirs = heir.following.add_local(follower)
    heir.following.changed(group.id)
    await heirs.catch_up()
    assert follower.show_everything(group)
