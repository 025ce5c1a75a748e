"""Attachments in a copy: one that is gone from the source does not stay."""

from dataclasses import replace

import pytest

from messaging.changes.interventions import EmptyConversation
from messaging.services.copying.copying import StoreCopy
from tests.integration.stores.copying.copies import (
    Pair,
    add_files,
    assert_equal,
    the_group,
)
from tests.integration.stores.exchange.chats import chat

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("pair", ["sql-firestore", "sql-postgres"], indirect=True),
]


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
