"""Which messages are unread for nobody, on every store."""

from dataclasses import replace
from typing import Any

from messaging.changes.messages.deleting import deleted
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.participant import Notify, Preferences
from messaging.domain.uncounted import ALL_COUNTED, Uncounted
from messaging.models import ConversationRecord
from messaging.stores.conversations import Commit, Store
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, sending


async def deleting(store: Store, before: Conversation, seq: int) -> Conversation:
    """The conversation once a message of it is deleted."""
    (message,) = await store.list_messages(before.id, first_seq=seq, last_seq=seq)
    outcome = deleted(before, message, by="ann")
    assert outcome.message is not None
    return await store.commit(
        Commit(before=before, after=outcome.conversation, replaced=[outcome.message])
    )


async def with_deleted(store: Store, *seqs: int) -> Conversation:
    """A conversation of ann and bob with five messages by ann, less these."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    conversation = await store.commit(sending(created, *"abcde"))
    for seq in seqs:
        conversation = await deleting(store, conversation, seq)
    return conversation


async def test_a_deletion_is_stored_with_its_ranges(store: Store) -> None:
    """In the same commit; what comes next leaves them as they are."""
    conversation = await with_deleted(store, 2, 4, 3)

    assert conversation.uncounted == Uncounted.of([[2, 4]])
    assert await store.get_conversation(conversation.id) == conversation
    sent = await store.commit(sending(conversation, "f"))
    found = await store.get_conversation(conversation.id)
    assert found is not None
    assert found.uncounted == sent.uncounted == conversation.uncounted


async def test_lists_and_places_show_them(store: Store) -> None:
    """Places only where they are asked for, with one's own settings."""
    conversation = await with_deleted(store, 5)
    await store.set_preferences(conversation.id, "bob", {"notify": Notify.NONE})

    page = await store.list_own_conversations("bob", limit=5, people=50)
    assert [one.uncounted.ranges() for one in page.conversations] == [[[5, 5]]]
    for personal in (True, False):
        places = [
            *await store.list_memberships("bob", limit=5, personal=personal),
            *await store.get_memberships("bob", [conversation.id], personal=personal),
        ]
        expected = ([[5, 5]], Preferences(notify=Notify.NONE)) if personal else ([], Preferences())
        assert [(one.uncounted.ranges(), one.preferences) for one in places] == [expected] * 2


async def test_an_earlier_release_knows_of_none(store: Store) -> None:
    """What it founded has none, and what it commits leaves those that are there."""
    conversation = await with_deleted(store, 1)

    await _write_as_before(store, conversation.id, title="Coffee")
    found = await store.get_conversation(conversation.id)
    assert found is not None
    assert (found.title, found.uncounted) == ("Coffee", conversation.uncounted)

    await _forget(store, conversation.id)
    found = await store.get_conversation(conversation.id)
    assert found is not None
    assert not found.uncounted
    again = await store.commit(
        Commit(before=found, after=replace(found, version=found.version + 1, title="Tea"))
    )
    later = await deleting(store, again, 3)
    assert await store.get_conversation(conversation.id) == later
    assert later.uncounted == Uncounted.of([[3, 3]])


async def test_the_largest_number_of_ranges(store: Store) -> None:
    """It is kept whole."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    ranges = ALL_COUNTED.including(range(2**52, 2**52 + 2_000_000, 2_000))
    after = replace(created, version=1, seq=2**53 - 1, uncounted=ranges, active_at=COMMIT_TIME)
    stored = await store.commit(Commit(before=created, after=after))

    assert await store.get_conversation(created.id) == stored
    (place,) = await store.list_memberships("bob", limit=1, personal=True)
    assert place.uncounted == ranges
    assert len(ranges.ranges()) == 500


async def _write_as_before(store: Store, conversation_id: str, **values: Any) -> None:
    """As a release that does not know the field: it names the fields that it writes."""
    if isinstance(store, FirestoreStore):
        database = store.connection.database
        writes = Writes(database)
        writes.update(database.document("conversations", conversation_id), values, list(values))
        await store.connection.write("before", writes)
        return
    assert isinstance(store, SqlStore)
    await store.calls.write(
        "before",
        lambda database: (
            ConversationRecord.objects.using(database.alias)
            .filter(id=conversation_id)
            .update(**values)
        ),
    )


async def _forget(store: Store, conversation_id: str) -> None:
    """Leave the conversation as a release founded it that does not know the field."""
    if isinstance(store, FirestoreStore):
        database = store.connection.database
        writes = Writes(database)
        writes.update(database.document("conversations", conversation_id), {}, ["uncounted"])
        await store.connection.write("before", writes)
        return
    assert isinstance(store, SqlStore)

    def insert_without(database: Any) -> None:
        columns = ", ".join(
            f'"{field.column}"'
            for field in ConversationRecord._meta.concrete_fields
            if field.name != "uncounted"
        )
        with database.cursor() as cursor:
            table = ConversationRecord._meta.db_table
            cursor.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {columns} FROM {table}")
            cursor.execute(f"UPDATE kept SET id = 'another' WHERE id = '{conversation_id}'")
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM kept WHERE id = 'another'"
            )
            cursor.execute("DROP TABLE kept")
            cursor.execute(f"SELECT uncounted FROM {table} WHERE id = 'another'")
            assert cursor.fetchone() == ("",)
        records = ConversationRecord.objects.using(database.alias)
        records.filter(id="another").delete()
        records.filter(id=conversation_id).update(uncounted="")

    await store.calls.write("before", insert_without)
