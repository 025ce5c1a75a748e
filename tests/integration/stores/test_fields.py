"""Every field of a message and of a conversation is stored and listed, on every store, and what an
earlier release writes is read with the defaults."""

from dataclasses import fields, replace
from typing import Any

from messaging.changes.messages.pinning import PinMessage
from messaging.changes.messages.reporting import with_creation_report
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, History, ListedConversation, Posting
from messaging.domain.message import Attachment, Message, MessageKind, ReactionSummary
from messaging.domain.participant import Participant, Role
from messaging.stores.conversations import Commit, Store
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.store import FirestoreStore
from tests.commits import CommitLog
from tests.documents import counted_documents
from tests.integration.stores import new_conversation, sending
from tests.moments import next_millisecond
from tests.unit.messaging import delete, pin

PICTURE = "https://example.org/tea.png"
METADATA = '{"b":1,"a":[1.0,{"deep":null}]}'
FULL: dict[str, Any] = {
    "mentions_all": True,
    "kind": MessageKind.SYSTEM,
    "metadata": METADATA,
    "pinned_at": COMMIT_TIME,
    "attachments": (
        Attachment(id="one", filename="tea.jpg", content_type="image/jpeg", size=3, width=1),
        Attachment(id="two", filename="a b", content_type="text/plain", size=2**40),
    ),
    "reactions": {
        "👍": ReactionSummary(count=2, user_ids=("ann", "bob")),
        "a.b`c": ReactionSummary(count=1, user_ids=("bob",)),
    },
}
"""Another value than the default in each field that a plain message lacks."""
SETTINGS: dict[str, Any] = {
    "metadata": METADATA,
    "picture": PICTURE,
    "posting": Posting.ADMINS,
    "history": History.SINCE_JOINING,
    "system_messages": True,
    "pinned_count": 1,
    "mentions_all_seq": 1,
}


async def sent(store: Store, **values: Any) -> tuple[Conversation, Message]:
    """A conversation with one message that has these values, as both are stored."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(created, "hello")
    message = replace(commit.created[0], **values)
    after = replace(commit.after, last_message=message)
    stored = await store.commit(replace(commit, created=[message], after=after))
    return stored, await only_message(store, stored.id)


async def only_message(store: Store, conversation_id: str) -> Message:
    (message,) = await store.list_latest_messages(conversation_id, limit=2)
    return message


async def test_a_message_keeps_every_field(store: Store) -> None:
    """In its own place, and as the latest of its conversation."""
    stored, message = await sent(store, **FULL)

    assert message == stored.last_message
    expected = {**FULL, "pinned_at": stored.updated_at}
    assert {name: getattr(message, name) for name in FULL} == expected
    found = await store.get_conversation(stored.id)
    assert found is not None
    assert found.last_message == message
    (listed,) = (await store.list_own_conversations("bob", limit=2, people=50)).conversations
    assert listed.last_message == message


async def test_a_change_replaces_every_field(store: Store) -> None:
    """Also by the default, and by another value."""
    stored, message = await sent(store, **FULL)
    plain = {one.name: one for one in fields(Message) if one.name in FULL}
    for values in ({**{name: getattr(bare(), name) for name in plain}}, FULL):
        before = await store.get_conversation(stored.id)
        assert before is not None
        changed = replace(message, version=before.version + 1, **values)
        after = replace(before, version=changed.version, last_message=changed)
        await store.commit(Commit(before=before, after=after, replaced=[changed]))

        found = await only_message(store, stored.id)
        whole = await store.get_conversation(stored.id)
        assert whole is not None
        at = whole.updated_at if values is FULL else None
        assert found == whole.last_message == replace(changed, pinned_at=at)


def bare() -> Message:
    """A message without any of the fields."""
    return sending(new_conversation("ann"), "plain").created[0]


async def test_a_conversation_keeps_every_field(store: Store) -> None:
    """As it is created, changed, and listed."""
    created = await store.create_conversation(
        replace(new_conversation("ann", "bob"), **{**SETTINGS, "mentions_all_seq": 0})
    )
    assert await store.get_conversation(created.id) == created

    changed = await store.commit(
        Commit(before=created, after=replace(created, version=1, mentions_all_seq=1))
    )

    assert await store.get_conversation(created.id) == changed
    (listed,) = (await store.list_own_conversations("ann", limit=2, people=50)).conversations
    for one in (changed, listed):
        assert {name: getattr(one, name) for name in SETTINGS} == SETTINGS
    back = await store.commit(
        Commit(before=changed, after=replace(new_settings(changed), version=2))
    )
    assert await store.get_conversation(created.id) == back


def new_settings(conversation: Conversation) -> Conversation:
    """The conversation with the default in each of these fields."""
    defaults = new_conversation("ann")
    return replace(conversation, **{name: getattr(defaults, name) for name in SETTINGS})


async def test_a_person_sees_messages_from_their_joining_on(store: Store) -> None:
    """Everybody else from the first one; their own entry is listed."""
    created = await store.create_conversation(new_conversation("ann"))
    late = Participant(user_id="bob", role=Role.MEMBER, joined_version=1, visible_from=7)
    people = {**created.participants, "bob": late}
    changed = await store.commit(
        Commit(before=created, after=replace(created, version=1, participants=people))
    )

    assert await store.get_conversation(created.id) == changed
    for user_id, expected in (("ann", 1), ("bob", 7)):
        (listed,) = (await store.list_own_conversations(user_id, limit=2, people=50)).conversations
        assert isinstance(listed, ListedConversation)
        assert listed.own.visible_from == expected


async def test_what_this_release_does_not_know_of_a_message_stays(
    firestore_store: FirestoreStore,
) -> None:
    """A field of a later release, when the message changes. SQL updates its own columns only."""
    stored, message = await sent(firestore_store)
    database = firestore_store.connection.database
    name = database.document("conversations", stored.id, "messages", message.id)
    writes = Writes(database)
    writes.update(name, {"later": "value"}, ["later"])
    await firestore_store.connection.write("later", writes)

    edited = replace(message, text="changed", version=2)
    after = replace(stored, version=2, last_message=edited)
    await firestore_store.commit(Commit(before=stored, after=after, replaced=[edited]))

    (document,) = await firestore_store.connection.get("later", [name])
    assert document.fields["later"].string_value == "value"
    assert document.fields["text"].string_value == "changed"


async def test_a_conversation_begins_with_a_message(store: Store) -> None:
    """Where it is given one, in the same commit."""
    wanted = with_creation_report(
        replace(new_conversation("ann", "bob"), system_messages=True), by="ann"
    )

    created = await store.create_conversation(wanted)

    assert (created.seq, created.version, created.uncounted.ranges()) == (1, 1, [[1, 1]])
    assert await store.get_conversation(created.id) == created
    message = await only_message(store, created.id)
    assert message == created.last_message
    assert message.kind is MessageKind.SYSTEM
    sent = await store.commit(sending(created, "hello"))
    assert (sent.seq, sent.version) == (2, 2)


async def test_pins_are_listed(store: Store) -> None:
    """The latest first, one read each; a message that is unpinned or deleted is none of them."""
    created = await store.create_conversation(new_conversation("ann"))
    conversation = await store.commit(sending(created, *"abcd"))
    messages = await store.list_messages(conversation.id, first_seq=1, last_seq=4)
    before = counted_documents()
    assert await store.list_pinned_messages(conversation.id, limit=50) == []
    writer = Writer(store, ConversationCache(), CommitLog())
    for message in messages:
        await writer.submit(conversation.id, pin("ann", message.id))
        await next_millisecond()
    await writer.submit(conversation.id, delete("ann", messages[2].id))
    unpin = PinMessage(user_id="ann", message_id=messages[0].id, pinned=False)
    await writer.submit(conversation.id, unpin)
    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"]) == (1 + 1 + 6, 2 * 6)  # an empty query is one

    found = await store.list_pinned_messages(conversation.id, limit=50)

    assert [one.text for one in found] == ["d", "b"]
    by_id = await store.get_messages(conversation.id, [one.id for one in found])
    assert by_id == {one.id: one for one in found}
    assert [one.id for one in await store.list_pinned_messages(conversation.id, limit=1)] == [
        messages[3].id
    ]
    after = await store.get_conversation(conversation.id)
    assert after is not None
    assert after.pinned_count == 2


async def test_what_an_earlier_release_sent_stays_known_as_sent(store: Store) -> None:
    """A pin or other metadata keeps the version at which the message was sent."""
    stored, message = await sent(store, created_version=None)
    writer = Writer(store, ConversationCache(), CommitLog())

    await writer.submit(stored.id, pin("ann", message.id))

    changed = await only_message(store, stored.id)
    assert (changed.version, changed.created_version, changed.first_version) == (2, 1, 1)
