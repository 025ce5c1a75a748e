"""Many people who act at once in one conversation: nothing is lost, and their acts share writes."""

import asyncio

import pytest

from messaging.changes.change import ConversationChange
from messaging.changes.messages.deleting import DeleteMessage
from messaging.changes.messages.pinning import PinMessage
from messaging.changes.messages.reacting import React
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.stores.firestore.store import FirestoreStore
from tests.commits import CommitLog
from tests.documents import counted_documents
from tests.integration.stores import new_conversation
from tests.integration.stores.acting import edit, send

EMOJI = ("👍", "❤️", "🎉")
_MOST_WRITES_PER_ACT = 1.2


@pytest.mark.parametrize("count", [100, pytest.param(200, marks=pytest.mark.fuzz)])
async def test_reacting_editing_deleting_and_pinning_at_once(
    firestore_store: FirestoreStore, count: int
) -> None:
    """Half of them react to one message; the others edit or delete their own, or it is pinned."""
    people = [f"user-{number}" for number in range(count)]
    log, cache = CommitLog(), ConversationCache()
    writer = Writer(firestore_store, cache, log)
    conversation = await firestore_store.create_conversation(new_conversation("ann", *people))
    cache.put(conversation)
    sent = await asyncio.gather(
        *(
            writer.submit(
                conversation.id, send(conversation.id, person, client_id="1", sender=person)
            )
            for person in people
        )
    )
    messages = [outcome.message.id for outcome in sent if outcome.message is not None]
    log.commits.clear()

    def act(number: int, person: str) -> ConversationChange:
        own = messages[number]
        match number % 8:
            case 1 | 3:
                return edit(own, f"edited by {person}", sender=person)
            case 5:
                return DeleteMessage(user_id=person, message_id=own)
            case 7:
                return PinMessage(user_id="ann", message_id=own, pinned=True)
        emoji = EMOJI[number % len(EMOJI)]
        return React(user_id=person, message_id=messages[0], emoji=emoji, present=True)

    before = counted_documents()
    await asyncio.gather(
        *(
            writer.submit(conversation.id, act(number, person))
            for number, person in enumerate(people)
        )
    )
    counted = counted_documents()
    counted.subtract(before)
    await writer.drain()

    versions = [change.version for committed in log.commits for change in committed.changes]
    assert versions == list(range(count + 1, 2 * count + 1))
    assert counted["write"] <= _MOST_WRITES_PER_ACT * count
    stored = await firestore_store.get_messages(conversation.id, messages)
    reacted = {
        person: EMOJI[number % len(EMOJI)]
        for number, person in enumerate(people)
        if number % 2 == 0
    }
    assert {emoji: one.count for emoji, one in stored[messages[0]].reactions.items()} == {
        emoji: list(reacted.values()).count(emoji) for emoji in EMOJI
    }
    entries = await firestore_store.reactions.get_reactions(
        conversation.id, [(messages[0], person) for person in people]
    )
    assert entries == {(messages[0], person): (emoji,) for person, emoji in reacted.items()}
    for number, person in enumerate(people):
        message = stored[messages[number]]
        match number % 8:
            case 1 | 3:
                assert message.text == f"edited by {person}"
            case 5:
                assert message.deleted_at is not None
            case 7:
                assert message.pinned_at is not None
