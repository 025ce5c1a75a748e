"""What all stores promise of attachments, see `messaging.stores.attachments`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.stores.conversations import Conflict, Store
from tests.integration.stores import new_attachment, new_conversation, sending


def plain(attachment: StoredAttachment) -> StoredAttachment:
    return replace(attachment, token=None)


async def read(store: Store, attachment_id: str) -> StoredAttachment:
    return (await store.attachments.get([attachment_id]))[attachment_id]


async def created(store: Store, *new: StoredAttachment) -> Sequence[StoredAttachment]:
    """As they are read again, so with their tokens."""
    for one in new:
        await store.attachments.create(one)
    return [await read(store, one.id) for one in new]


async def talk(store: Store) -> Conversation:
    return await store.create_conversation(new_conversation("ann", "bob"))


async def test_an_attachment_is_kept(store: Store) -> None:
    """With the store's time."""
    begun = await store.now()
    new = new_attachment(random_id(), sweep_at=None)

    stored = await store.attachments.create(new)

    assert plain(stored) == replace(new, created_at=stored.created_at)
    assert stored.created_at >= begun
    found = await store.attachments.get([new.id, random_id()])
    assert [plain(one) for one in found.values()] == [plain(stored)]
    await store.attachments.remove(new.id)
    await store.attachments.remove(new.id)
    assert await store.attachments.get([new.id]) == {}


async def test_only_an_unchanged_attachment_is_replaced(store: Store) -> None:
    [pending] = await created(
        store, new_attachment(random_id(), status=AttachmentStatus.PENDING, sweep_at=None)
    )
    ready = replace(pending, status=AttachmentStatus.READY, part="1" * 32, size=7)

    assert await store.attachments.replace(pending, ready)
    assert not await store.attachments.replace(pending, replace(pending, part="2" * 32))
    assert plain(await read(store, pending.id)) == plain(ready)
    await store.attachments.remove(pending.id)
    assert not await store.attachments.replace(ready, ready)


async def test_a_commit_marks_its_attachments(store: Store) -> None:
    conversation = await talk(store)
    [free] = await created(store, new_attachment(conversation.id, sweep_at=None))
    commit = sending(conversation, "look")
    used = replace(free, message_id=commit.created[0].id, seq=1)

    await store.commit(replace(commit, attached=(used,)))

    assert plain(await read(store, free.id)) == plain(used)


@pytest.mark.parametrize("change", ["used", "condemned", "removed"])
async def test_a_commit_with_a_changed_attachment_writes_nothing(store: Store, change: str) -> None:
    conversation = await talk(store)
    [free] = await created(store, new_attachment(conversation.id, sweep_at=None))
    if change == "removed":
        await store.attachments.remove(free.id)
    elif change == "used":
        taken = replace(free, message_id=random_id(), seq=9)
        assert await store.attachments.replace(free, taken)
    else:
        deleted = replace(free, status=AttachmentStatus.DELETED)
        assert await store.attachments.replace(free, deleted)
    commit = sending(conversation, "look")
    used = replace(free, message_id=commit.created[0].id, seq=1)

    with pytest.raises(Conflict):
        await store.commit(replace(commit, attached=(used,)))

    assert await store.get_messages(conversation.id, [commit.created[0].id]) == {}
    read_again = await store.get_conversation(conversation.id)
    assert read_again is not None
    assert read_again.seq == 0


async def test_a_released_attachment_is_due(store: Store) -> None:
    """And in no list any more, also one that is missing."""
    conversation = await talk(store)
    sent, missing = new_attachment(conversation.id, message_seq=1, sweep_at=None), random_id()
    await created(store, sent)
    commit = sending(conversation, "bye")

    await store.commit(replace(commit, released=(sent.id,)))

    released = await read(store, sent.id)
    assert (released.status, released.seq) == (AttachmentStatus.DELETED, None)
    due = await store.attachments.list_due(limit=10)
    assert [one.id for one in due.attachments] == [sent.id]
    assert await store.attachments.list_shared(conversation.id, first_seq=0, limit=10) == []
    assert await store.attachments.get([missing]) == {}


async def test_due_attachments_are_listed_oldest_first(store: Store) -> None:
    now = await store.now()
    ages = [1, 5, 3]
    due = [new_attachment(random_id(), sweep_at=now - timedelta(hours=age)) for age in ages]
    later = new_attachment(random_id(), sweep_at=now + timedelta(seconds=30))
    await created(store, *due, later, new_attachment(random_id(), sweep_at=None))

    answer = await store.attachments.list_due(limit=2)

    assert [one.id for one in answer.attachments] == [due[1].id, due[2].id]
    assert answer.read_at >= now


async def test_shared_attachments_are_paged_newest_first(store: Store) -> None:
    conversation_id = random_id()
    shared = [new_attachment(conversation_id, message_seq=1 + number // 2) for number in range(5)]
    await created(
        store, *shared, new_attachment(conversation_id), new_attachment(random_id(), message_seq=1)
    )
    order = sorted(((one.seq or 0, one.id) for one in shared), reverse=True)
    places: list[tuple[int, str]] = []

    while True:
        page = await store.attachments.list_shared(
            conversation_id, first_seq=1, limit=2, after=places[-1] if places else None
        )
        places += [(one.seq or 0, one.id) for one in page]
        if len(page) < 2:
            break

    assert places == order
    newest = await store.attachments.list_shared(conversation_id, first_seq=3, limit=9)
    assert [one.seq for one in newest] == [3]
