"""Attachments in group commits: what they cost, and whom they concern."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from messaging.changes.change import Outcome
from messaging.changes.messages.deleting import DeleteMessage
from messaging.changes.messages.sending import SendMessage
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.domain.identifiers import random_id
from messaging.instruments.metrics import STORE_DOCUMENTS
from messaging.stores.conversations import Store
from tests.commits import CommitLog
from tests.integration.stores import new_attachment, new_conversation


def billed() -> Counter[str]:
    found: Counter[str] = Counter()
    for sample in next(iter(STORE_DOCUMENTS.collect())).samples:
        if sample.name.endswith("_total"):
            found[sample.labels["kind"]] += int(sample.value)
    return found


def sending(conversation_id: str, *attachment_ids: str, sender: str = "ann") -> SendMessage:
    return SendMessage(
        creates=random_id(),
        conversation_id=conversation_id,
        sender_id=sender,
        client_id=None,
        text="look",
        reply_to=None,
        mentions=(),
        content_hash="0",
        attachment_ids=attachment_ids,
    )


@pytest.fixture
def writer(store: Store) -> Writer:
    return Writer(store, ConversationCache(), CommitLog())


async def ready(store: Store, conversation_id: str, count: int, owner: str = "ann") -> list[str]:
    new = [new_attachment(conversation_id, owner_id=owner, sweep_at=None) for _ in range(count)]
    for one in new:
        await store.attachments.create(one)
    return [one.id for one in new]


@pytest.mark.parametrize("count", [0, 1, 10])
async def test_a_send_costs_a_read_and_a_write_for_each_attachment(
    store: Store, writer: Writer, count: int
) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    ids = await ready(store, conversation.id, count)
    await writer.submit(conversation.id, sending(conversation.id))  # it is cached now
    before = billed()

    outcome = await writer.submit(conversation.id, sending(conversation.id, *ids))

    after = billed()
    assert after["write"] - before["write"] == 2 + count
    assert after["read"] - before["read"] == count
    assert outcome.message is not None
    assert [one.id for one in outcome.message.attachments] == ids
    marked = await store.attachments.get(ids)
    assert {(one.message_id, one.seq) for one in marked.values()} <= {(outcome.message.id, 2)}


async def test_a_refused_attachment_fails_nobody_else(store: Store, writer: Writer) -> None:
    """Whatever is wrong with it, and also if it is swept while the commit is on its way."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await writer.submit(conversation.id, sending(conversation.id))
    [mine] = await ready(store, conversation.id, 1)
    [of_bob] = await ready(store, conversation.id, 1, owner="bob")
    sends = [
        sending(conversation.id, mine),
        sending(conversation.id, mine),
        sending(conversation.id, of_bob),
        sending(conversation.id, random_id(), sender="bob"),
        sending(conversation.id, of_bob, sender="bob"),
        sending(conversation.id, sender="bob"),
    ]

    results = await asyncio.gather(
        *(writer.submit(conversation.id, one) for one in sends), return_exceptions=True
    )

    fine = [isinstance(one, Outcome) for one in results]
    assert fine == [True, False, False, False, True, True]
    refused = [one.errors[0].code for one in results if isinstance(one, InvalidRequest)]
    assert refused == ["already_used", "does_not_exist", "does_not_exist"]
    stored = await store.get_conversation(conversation.id)
    assert stored is not None
    assert (stored.seq, stored.version) == (4, 4)


async def test_a_condemned_attachment_is_refused(store: Store, writer: Writer) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    [id_] = await ready(store, conversation.id, 1)
    found = (await store.attachments.get([id_]))[id_]
    assert await store.attachments.replace(found, replace(found, status=AttachmentStatus.DELETED))

    with pytest.raises(InvalidRequest):
        await writer.submit(conversation.id, sending(conversation.id, id_))


async def test_a_deletion_releases_the_attachments(store: Store, writer: Writer) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    ids = await ready(store, conversation.id, 2)
    sent = await writer.submit(conversation.id, sending(conversation.id, *ids))
    assert sent.message is not None
    delete = DeleteMessage(user_id="ann", message_id=sent.message.id)

    outcome = await writer.submit(conversation.id, delete)
    again = await writer.submit(conversation.id, delete)

    assert set(outcome.released) == set(ids)
    assert again.released == ()
    released = await store.attachments.get(ids)
    assert {one.status for one in released.values()} == {AttachmentStatus.DELETED}
    due = await store.attachments.list_due(limit=9)
    assert {one.id for one in due.attachments} == set(ids)
