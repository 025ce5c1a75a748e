"""The epoch of a store, and what a commit compares, on every store."""

import asyncio
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from messaging.domain.identifiers import random_id
from messaging.stores.conversations import Commit, Conflict, Store
from messaging.stores.epochs import Epoch, EpochStore
from messaging.stores.sql.epochs import SqlEpochStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, sending
from tests.integration.stores.test_contract import is_commit_time


async def test_the_first_read_creates_an_epoch(epochs: EpochStore) -> None:
    """It stays from then on, and carries the store's time."""
    first = await epochs.read_epoch()
    second = await epochs.read_epoch()

    assert first.epoch == second.epoch
    assert first.epoch.number == 0
    assert is_commit_time(first.read_at)
    assert first.read_at <= second.read_at


async def test_a_look_for_an_epoch_creates_none(epochs: EpochStore) -> None:
    assert await epochs.find_epoch() is None
    assert await epochs.find_epoch() is None

    read = await epochs.read_epoch()

    assert await epochs.find_epoch() == read.epoch


async def test_of_several_first_reads_one_creates(epochs: EpochStore) -> None:
    read = await asyncio.gather(*(epochs.read_epoch() for _ in range(6)))

    assert len({one.epoch for one in read}) == 1


async def test_renewing_replaces_the_epoch(epochs: EpochStore) -> None:
    """Its id is another one, and its number the next."""
    first = (await epochs.read_epoch()).epoch

    renewed = await epochs.renew_epoch()

    assert renewed.id != first.id
    assert renewed.number == 1
    assert (await epochs.read_epoch()).epoch == renewed


async def test_an_epoch_that_is_not_there_can_be_renewed(epochs: EpochStore) -> None:
    """As after the restore of a backup that has none."""
    renewed = await epochs.renew_epoch(instead_of=random_id(), above=6)

    assert renewed.number == 7
    assert (await epochs.read_epoch()).epoch == renewed


async def test_a_new_epoch_is_above_what_its_maker_knew(epochs: EpochStore) -> None:
    first = (await epochs.read_epoch()).epoch

    renewed = await epochs.renew_epoch(instead_of=first.id, above=41)

    assert renewed.number == 42


async def test_of_several_instances_one_sets_the_new_epoch(epochs: EpochStore) -> None:
    """The others are given the one that was set."""
    first = (await epochs.read_epoch()).epoch

    renewed = await asyncio.gather(*(epochs.renew_epoch(instead_of=first.id) for _ in range(6)))

    assert len(set(renewed)) == 1
    assert renewed[0] == (await epochs.read_epoch()).epoch
    assert renewed[0].number == 1


async def test_an_epoch_that_is_over_is_not_replaced(epochs: EpochStore) -> None:
    first = (await epochs.read_epoch()).epoch
    second = await epochs.renew_epoch()

    assert await epochs.renew_epoch(instead_of=first.id) == second


@pytest.mark.parametrize(
    ("number", "known", "follows"),
    [(0, None, True), (1, 0, True), (0, 1, False), (1, 1, False)],
)
def test_what_follows_an_epoch(number: int, known: int | None, follows: bool) -> None:
    """A store that was set back has an epoch from before, or another one of the same number."""
    before = None if known is None else Epoch(id="known", number=known)

    assert Epoch(id="read", number=number).follows(before) is follows


def test_an_epoch_follows_itself() -> None:
    epoch = Epoch(id="same", number=3)

    assert epoch.follows(epoch)


@pytest.mark.django_db(transaction=True)
async def test_the_command_sets_a_new_epoch(sql_store: SqlStore) -> None:
    """And names it."""
    epochs, said = SqlEpochStore(sql_store), StringIO()
    before = (await epochs.read_epoch()).epoch

    await asyncio.to_thread(call_command, "new_epoch", stdout=said)

    after = (await epochs.read_epoch()).epoch
    assert after.number == before.number + 1
    assert after.id in said.getvalue()


# What a commit compares


async def test_founding_gives_a_commit_id(store: Store) -> None:
    """So that one founded again after a restore is told from the one that was lost."""
    created = await store.create_conversation(new_conversation("ann"))
    found = await store.get_conversation(created.id)

    assert created.commit_id
    assert found is not None
    assert found.commit_id == created.commit_id


async def test_tokens_of_two_histories_do_not_meet(store: Store) -> None:
    """Two conversations that were written equally often have different tokens."""
    tokens = []
    for _ in range(2):
        conversation = await store.create_conversation(new_conversation("ann"))
        tokens.append([conversation.token])
        for number in range(3):
            conversation = await store.commit(sending(conversation, str(number)))
            tokens[-1].append(conversation.token)

    assert not set(tokens[0]) & set(tokens[1])


async def test_a_commit_on_another_history_conflicts(store: Store) -> None:
    """The version matches, and even the token; the id of the commit before does not."""
    conversation = await store.create_conversation(new_conversation("ann"))
    conversation = await store.commit(sending(conversation, "kept"))
    forgotten = replace(conversation, commit_id=random_id(), token=_other(conversation.token))

    with pytest.raises(Conflict):
        await store.commit(sending(forgotten, "on what is gone"))

    found = await store.get_conversation(conversation.id)
    assert found is not None
    assert (found.version, found.commit_id) == (1, conversation.commit_id)


async def test_a_counter_alone_is_not_compared(database_store: Store) -> None:
    """On SQL a row that an earlier release wrote has a counter for its token."""
    conversation = await database_store.create_conversation(new_conversation("ann"))
    forgotten = replace(conversation, commit_id=random_id())

    with pytest.raises(Conflict):
        await database_store.commit(Commit(before=forgotten, after=forgotten))


def _other(token: object) -> object:
    """A token that the store has not given."""
    assert isinstance(token, int)
    return token - 1_000  # Firestore takes whole microseconds


# Positions that are beyond the last message


async def test_a_position_is_limited(store: Store) -> None:
    """In what was read and in what arrived; one that is not beyond stays."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await store.advance_read(conversation.id, "ann", 7)
    await store.advance_read(conversation.id, "bob", 2)
    await store.advance_delivered(conversation.id, "bob", 9)

    for user_id in ("ann", "bob"):
        await store.limit_position(conversation.id, user_id, 4)

    positions = {one.user_id: one for one in await store.list_read_positions(conversation.id)}
    assert (positions["ann"].read_seq, positions["ann"].delivered_seq) == (4, 4)
    assert (positions["bob"].read_seq, positions["bob"].delivered_seq) == (2, 4)


async def test_limiting_makes_no_position(store: Store) -> None:
    conversation = await store.create_conversation(new_conversation("ann"))

    await store.limit_position(conversation.id, "eve", 4)

    assert {one.user_id for one in await store.list_read_positions(conversation.id)} == {"ann"}
