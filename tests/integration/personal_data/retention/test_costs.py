"""What Firestore bills for a run of retention."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.concurrency.tasks import stop_tasks
from messaging.domain.conversation import ConversationKind
from messaging.domain.personal_data.retention import RetentionProgress
from messaging.models import RetentionRecord
from messaging.personal_data.retention.discovery import discover
from messaging.personal_data.retention.preview import preview
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.personal_data.retention import apply, days_ago, old_group
from tests.integration.stores import sending
from tests.integration.stores.firestore.test_costs import Bill, billed

on_firestore = pytest.mark.parametrize("store_settings", ["firestore"], indirect=True)


@pytest_asyncio.fixture
async def quiet(store_settings: None, settings: Settings) -> AsyncIterator[Instance]:
    """An instance that does nothing in the background, and whose epoch is there."""
    settings.CHAT_RETENTION_GROUP_DAYS = 30
    async with new_instance() as instance:
        await instance.stores.epochs.read_epoch()
        yield instance


async def filled(instance: Instance, *, old: int, young: int) -> str:
    """The id of a group with so many messages of each kind."""
    group = await old_group(instance, "ann")
    for days, count in ((31, old), (1, young)):
        if count:
            stored = await instance.store.get_conversation(group)
            assert stored is not None
            commit = sending(stored, *["text"] * count)
            dated = [replace(one, created_at=days_ago(days)) for one in commit.created]
            after = replace(commit.after, last_message=dated[-1])
            await instance.store.commit(replace(commit, created=dated, after=after))
    return group


async def bill_of_discovery(instance: Instance) -> int:
    with billed() as bill:
        await discover(instance.jobs.parts)
    return bill.reads


async def bill_of_run(instance: Instance) -> Bill:
    with billed() as bill:
        await apply(instance)
    return bill


@on_firestore
async def test_a_run_reads_what_changed_and_what_is_old(quiet: Instance) -> None:
    """Of the conversation with old messages: itself, these messages and the next ones, then again
    what it changes. To find it: one read for each of the 16 shards, or for each conversation there
    that has changed since the last run."""
    await filled(quiet, old=5, young=15)
    found = await bill_of_discovery(quiet)
    assert found == 1 + 16

    with billed() as dry:
        counted = await preview(quiet.jobs.parts)
    first = await bill_of_run(quiet)
    second = await bill_of_run(quiet)

    assert counted["messages"] == {"direct": 0, "group": 5}
    assert (dry.writes, dry.deletes) == (0, 0)
    now, conversation = 1, 2  # by the run, and by the writer
    looked, changed, commits = 1 + 2 + 4, 5, 3
    assert dry.reads == now + found + 1 + 5
    assert first.reads == now + found + conversation + looked + changed
    assert (first.writes, first.deletes) == (changed + commits, 0)
    assert second.reads == now + found


@on_firestore
async def test_a_conversation_without_old_messages_costs_two_reads_once(quiet: Instance) -> None:
    """When it is old enough itself; and then not before its first message is."""
    await filled(quiet, old=0, young=50)
    await bill_of_discovery(quiet)

    first = await bill_of_run(quiet)
    second = await bill_of_run(quiet)

    assert first.reads == second.reads + 2


async def test_progress_of_another_epoch_is_removed_some_rows_at_a_time(
    instance: Instance,
) -> None:
    """A process that is cut off has removed some of it, and the next one the rest."""
    store = instance.jobs.parts.retention
    await store.begin_sweep("before")
    known = [
        RetentionProgress(
            conversation_id=str(number), kind=ConversationKind.GROUP, oldest_at=days_ago(1)
        )
        for number in range(10_000)
    ]
    await store.add(known)
    await store.end_sweep("before", days_ago(1))

    beginning = asyncio.create_task(store.begin_sweep("after"))
    async with asyncio.timeout(20):
        while await RetentionRecord.objects.acount() == len(known):
            await asyncio.sleep(0)
    await stop_tasks(beginning)
    assert await RetentionRecord.objects.aexists()

    assert await store.begin_sweep("after") is None
    assert not await RetentionRecord.objects.aexists()
