"""Attachments in a copy: one that is gone from the source does not stay."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from messaging.changes.interventions import EmptyConversation
from messaging.services.copying.copying import StoreCopy
from tests.integration.stores.copying.copies import (
    Pair,
    add_files,
    assert_equal,
    pair_of,
    the_group,
)
from tests.integration.stores.exchange.chats import chat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(params=["sql-firestore", "sql-postgres"])
async def pair(
    request: pytest.FixtureRequest,
    transactional_db: None,
    empty_postgres: str,
    firestore_emulator: str,
) -> AsyncIterator[Pair]:
    kinds: str = request.param
    async with pair_of(kinds, postgres=empty_postgres, emulator=firestore_emulator) as pair:
        yield pair


async def test_a_deletion_that_was_copied_before_its_end_leaves_no_file(pair: Pair) -> None:
    """The group is empty, but its files were not released yet: the instance was killed."""
    instance = pair.instance
    await chat(instance, messages_each=1)
    await add_files(instance)
    group = await the_group(instance)
    (file,) = await instance.store.attachments.list_shared(group, first_seq=1, limit=2)
    # A day after it was sent, it is not due any more.
    store = instance.attachments.store
    assert await store.replace(file, replace(file, sweep_at=None))
    copy = StoreCopy(pair.source, pair.target)
    await copy.copy_everything()
    due_at = await instance.deletions.begin(group)
    await instance.writer.submit(group, EmptyConversation())
    await copy.follow()

    await instance.deletions.complete(group, due_at)
    await instance.attachments.sweep.sweep()
    assert await store.get([file.id]) == {}
    await copy.copy_everything()

    assert await pair.target.conversations.attachments.get([file.id]) == {}
    await assert_equal(pair)
