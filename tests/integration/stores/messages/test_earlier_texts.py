"""The earlier texts of edited messages, on every store: kept by edits, left out by all other reads,
gone with the message."""

import asyncio
from dataclasses import replace

from messaging.changes.change import ConversationChange
from messaging.changes.needs import Known
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EarlierText
from messaging.domain.message import Message
from messaging.models import MessageRecord
from messaging.stores.conversations import Commit, Store
from messaging.stores.firestore.store import FirestoreStore
from tests.commits import CommitLog
from tests.documents import counted_documents
from tests.integration.stores import new_conversation, sending
from tests.integration.stores.acting import send
from tests.unit.messaging import delete, edit, pin


async def talk(store: Store) -> tuple[Writer, Message]:
    """What commits to a conversation, and a message by ann in it."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(created, "one")
    await store.commit(commit)
    (message,) = await store.list_latest_messages(created.id, limit=1)
    return Writer(store, ConversationCache(), CommitLog()), message


async def kept(store: Store, message: Message) -> list[str]:
    """The earlier texts, the oldest first."""
    found = await store.get_edited(message.conversation_id, [message.id])
    return [one.text for one in found[message.id][1].texts()]


async def test_edits_keep_what_was_written(store: Store) -> None:
    """The text, and when it was written; what changes no text keeps none, and changes none."""
    writer, message = await talk(store)
    assert await kept(store, message) == []
    acts: list[ConversationChange] = [
        edit("ann", message.id, "two"),
        edit("ann", message.id, "two"),
        pin("ann", message.id),
        edit("ann", message.id, "three"),
    ]
    for act in acts:
        await writer.submit(message.conversation_id, act)

    found = await store.get_edited(message.conversation_id, [message.id])
    present, earlier = found[message.id]
    assert present.text == "three"
    assert earlier.texts()[0] == EarlierText(text="one", written_at=message.created_at)
    assert [one.text for one in earlier.texts()] == ["one", "two"]
    assert (await store.get_messages(message.conversation_id, [message.id])) == {
        message.id: present
    }
    assert await store.get_edited(message.conversation_id, ["a" * 26]) == {}


async def test_an_edit_in_the_commit_that_creates_the_message(store: Store) -> None:
    """The id of a message with a `client_id` is known before: who edits it at once hides
    nothing."""
    created = await store.create_conversation(new_conversation("ann"))
    writer = Writer(store, ConversationCache(), CommitLog())
    wanted = send(created.id, "one", client_id="1")
    assert wanted.creates is not None

    sent, edited = await asyncio.gather(
        *(writer.submit(created.id, act) for act in (wanted, edit("ann", wanted.creates, "two")))
    )

    assert sent.conversation.version == edited.conversation.version == 2
    assert edited.message is not None
    assert await kept(store, edited.message) == ["one"]


async def test_edits_of_one_commit(store: Store) -> None:
    """Each keeps the text before it, also of a message of the same commit."""
    created = await store.create_conversation(new_conversation("ann"))
    sent = sending(created, "one")
    (message,) = sent.created
    earlier = NO_EARLIER_TEXTS
    conversation = sent.after
    for text in ("two", "three"):
        known = Known(messages={message.id: message}, earlier_texts={message.id: earlier})
        outcome = edit("ann", message.id, text).apply(conversation, known)
        assert outcome.message is not None
        assert outcome.earlier is not None
        conversation, message, earlier = outcome.conversation, outcome.message, outcome.earlier
    await store.commit(
        Commit(
            before=created,
            after=replace(conversation, last_message=message),
            replaced=[message],
            earlier={message.id: earlier},
        )
    )

    assert await kept(store, message) == ["one", "two"]
    assert [one.written_at for one in earlier.texts()] == [None, None]


async def test_a_deletion_takes_them_away(store: Store) -> None:
    writer, message = await talk(store)
    await writer.submit(message.conversation_id, edit("ann", message.id, "two"))
    assert await kept(store, message) == ["one"]

    await writer.submit(message.conversation_id, delete("ann", message.id))

    assert await kept(store, message) == []


async def test_an_edit_costs_one_read_and_two_writes(store: Store) -> None:
    """However many texts there are."""
    writer, message = await talk(store)
    for text in ("two", "three"):
        before = counted_documents()
        await writer.submit(message.conversation_id, edit("ann", message.id, text))
        counted = counted_documents()
        counted.subtract(before)
        reads = 2 if text == "two" else 1  # the first reads the conversation, which nobody knows
        assert (counted["read"], counted["write"]) == (reads, 2)


async def test_no_other_read_asks_for_them(store: Store) -> None:
    """Neither of a message, nor of a page, nor of a conversation with its latest message."""
    writer, message = await talk(store)
    secret = "what nobody reads"
    await writer.submit(message.conversation_id, edit("ann", message.id, secret))
    await writer.submit(message.conversation_id, edit("ann", message.id, "three"))
    id_ = message.conversation_id

    found = [
        await store.get_messages(id_, [message.id]),
        await store.list_messages(id_, first_seq=1, last_seq=1),
        await store.list_latest_messages(id_, limit=1),
        await store.list_changed_messages(id_, since=0, until=9, limit=9),
        await store.get_conversation(id_),
        await store.list_own_conversations("ann", limit=1, people=50),
    ]

    assert not any(secret in repr(one) for one in found)
    assert await kept(store, message) == ["one", secret]
    if not isinstance(store, FirestoreStore):
        assert "earlier_texts" in {field.name for field in MessageRecord._meta.concrete_fields}
