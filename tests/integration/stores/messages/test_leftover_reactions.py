"""Verification finds the reactions that deleted messages left behind, and removes them, on every
store."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from messaging.changes.messages.deleting import deleted
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message, PersonReactions, ReactionSummary
from messaging.services.operators.findings import Drift
from messaging.services.operators.verification import verify_conversation
from messaging.stores.conversations import Commit, Store
from tests.integration.stores import new_conversation, sending


@pytest.fixture
async def conversation(store: Store) -> Conversation:
    """Three messages of Ann's, each with a reaction of hers and of Bob's."""
    before = await store.create_conversation(new_conversation("ann", "bob"))
    before = await store.commit(sending(before, "one", "two", "three"))
    reacted = [
        replace(one, reactions={"👍": ReactionSummary(count=2, user_ids=("ann", "bob"))})
        for one in await messages_of(store, before)
    ]
    own = [
        PersonReactions(message_id=one.id, user_id=person, emojis=("👍",))
        for one in reacted
        for person in ("ann", "bob")
    ]
    return await store.commit(
        Commit(
            before=before,
            after=replace(before, last_message=reacted[-1]),
            replaced=reacted,
            reactions=own,
        )
    )


async def messages_of(store: Store, conversation: Conversation) -> Sequence[Message]:
    return await store.list_messages(conversation.id, first_seq=1, last_seq=3)


async def without(store: Store, before: Conversation, seq: int, *, at: datetime) -> Conversation:
    """Delete a message, as an instance does that is killed right after the commit."""
    message = (await messages_of(store, before))[seq - 1]
    outcome = deleted(before, message, by="ann")
    assert outcome.message is not None
    tombstone = replace(outcome.message, deleted_at=at)
    last = outcome.conversation.last_message
    if last is not None and last.id == message.id:
        last = tombstone
    after = replace(outcome.conversation, last_message=last)
    return await store.commit(Commit(before=before, after=after, replaced=[tombstone]))


async def reacted_to(store: Store, conversation: Conversation) -> Collection[int]:
    """The numbers of the messages that have reactions in the store."""
    messages = await messages_of(store, conversation)
    ids = await store.reactions.list_messages_with_reactions(
        conversation.id, [one.id for one in messages]
    )
    return sorted(one.seq for one in messages if one.id in ids)


async def test_leftovers_are_found_and_removed(store: Store, conversation: Conversation) -> None:
    """The conversation does not change by it, and what live messages have stays."""
    long_ago = await store.now() - timedelta(hours=1)
    before = await without(store, conversation, 1, at=long_ago)
    before = await without(store, before, 3, at=long_ago)
    first, _, third = await messages_of(store, before)

    found = await verify_conversation(store=store, conversation_id=before.id)
    again = await verify_conversation(store=store, conversation_id=before.id)
    assert [finding.drift for finding in found.findings] == [Drift.REACTIONS]
    assert all(one.id in found.findings[0].detail for one in (first, third))
    assert (found.wrong, again) == (True, found)
    assert await reacted_to(store, before) == [1, 2, 3]

    repaired = await verify_conversation(store=store, conversation_id=before.id, repair=True)
    assert (repaired.findings, repaired.wrong) == (found.findings, False)
    healthy = await verify_conversation(store=store, conversation_id=before.id)
    assert healthy.findings == ()
    assert await reacted_to(store, before) == [2]
    assert await store.get_conversation(before.id) == before


async def test_what_was_just_deleted_is_no_leftover(
    store: Store, conversation: Conversation
) -> None:
    """An instance may be about to remove it."""
    before = await without(store, conversation, 1, at=COMMIT_TIME)

    report = await verify_conversation(store=store, conversation_id=before.id, repair=True)

    assert (report.findings, report.repaired) == ((), False)
    assert await reacted_to(store, before) == [1, 2, 3]


async def test_leftovers_beside_another_error(store: Store, conversation: Conversation) -> None:
    """Both are named, and both are repaired."""
    long_ago = await store.now() - timedelta(hours=1)
    before = await without(store, conversation, 1, at=long_ago)
    await store.commit(Commit(before=before, after=replace(before, sent_seq={"ann": 2})))

    report = await verify_conversation(store=store, conversation_id=before.id, repair=True)

    assert [finding.drift for finding in report.findings] == [Drift.SENT_SEQ, Drift.REACTIONS]
    assert not report.wrong
    assert await reacted_to(store, before) == [2, 3]
    assert (await verify_conversation(store=store, conversation_id=before.id)).findings == ()
