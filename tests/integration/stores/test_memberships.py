"""One person's conversations without the other people in them, on every store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from messaging.domain.conversation import Companion, Conversation, ListedConversation, Membership
from messaging.domain.participant import Notify, Participant, Preferences, ReadPosition, Role
from messaging.models import ConversationRecord
from messaging.stores.conversations import Commit, Store
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, people, sending

_LISTED = 50
Uncount = Callable[[Conversation], Awaitable[None]]


def crowd(count: int, *first: str) -> Sequence[str]:
    return [*first, *(f"person-{number}" for number in range(count - len(first)))]


def listed(conversation: Conversation, user_id: str, people: int = _LISTED) -> ListedConversation:
    """What a list is to show of a whole conversation."""
    few = len(conversation.participants) <= people
    return ListedConversation(
        id=conversation.id,
        kind=conversation.kind,
        title=conversation.title,
        participants=conversation.participants if few else None,
        participant_count=len(conversation.participants),
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        active_at=conversation.active_at,
        seq=conversation.seq,
        version=conversation.version,
        last_message=conversation.last_message,
        own=conversation.participants[user_id],
        sent_seq=conversation.sent_seq.get(user_id, 0),
        preferences=conversation.preferences.get(user_id, Preferences()),
        blocked=bool(conversation.blocked_by),
        frozen=conversation.frozen,
        uncounted=conversation.uncounted,
    )


def place(conversation: Conversation, user_id: str) -> Membership:
    return Membership(
        conversation_id=conversation.id,
        version=conversation.version,
        seq=conversation.seq,
        joined_version=conversation.participants[user_id].joined_version,
        sent_seq=conversation.sent_seq.get(user_id, 0),
        participant_count=len(conversation.participants),
    )


def adding(before: Conversation, *user_ids: str) -> Commit:
    version = before.version + 1
    added = {
        user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=version)
        for user_id in user_ids
    }
    after = replace(before, version=version, participants={**before.participants, **added})
    return Commit(
        before=before,
        after=after,
        positions=[ReadPosition(user_id=user_id, read_seq=before.seq) for user_id in user_ids],
    )


async def shown(store: Store, user_id: str, **options: Any) -> Sequence[ListedConversation]:
    options = {"limit": 10, "people": _LISTED, **options}
    return (await store.list_own_conversations(user_id, **options)).conversations


@pytest.fixture
def uncount(store: Store) -> Uncount:
    """Leaves a conversation as a release wrote it that counts nobody."""

    async def uncount(conversation: Conversation) -> None:
        if isinstance(store, FirestoreStore):
            database = store.connection.database
            writes = Writes(database)
            mask = ["participant_count", "counted_commit_id", "listed_people"]
            writes.update(database.document("conversations", conversation.id), {}, mask)
            await store.connection.write("uncount", writes)
        else:
            assert isinstance(store, SqlStore)
            await store.calls.write(
                "uncount",
                lambda database: (
                    ConversationRecord.objects.using(database.alias)
                    .filter(id=conversation.id)
                    .update(participant_count=None, counted_commit_id="")
                ),
            )

    return uncount


async def stored(store: Store, conversation: Conversation) -> Conversation:
    found = await store.get_conversation(conversation.id)
    assert found is not None
    return found


async def test_a_list_shows_ones_own_view(store: Store) -> None:
    """The message sent last, one's own seq, role and settings, and the people where they are few,
    in the order in which they were added."""
    created = await store.create_conversation(new_conversation("zoe", "ann", "bob"))
    sent = await store.commit(sending(created, "one", sender="ann"))
    await store.commit(sending(sent, "two", sender="bob"))
    await store.set_preferences(created.id, "ann", {"notify": Notify.NONE})
    await store.set_preferences(created.id, "bob", {"notify": Notify.MENTIONS})
    whole = await stored(store, created)

    for person in ("ann", "bob", "zoe"):
        (own,) = await shown(store, person)
        assert own == listed(whole, person)
        assert own.participants is not None
        assert list(own.participants) == ["zoe", "ann", "bob"]
    assert await shown(store, "dan") == []


async def test_unusual_user_ids(store: Store) -> None:
    """Everything that an id may hold is found as it is in maps and paths."""
    names = ("a.b@c:d-e_f", "0", "-", "_", "A")
    created = await store.create_conversation(new_conversation(*names))
    for name in names:
        created = await store.commit(sending(created, "hi", sender=name))
    await store.set_preferences(created.id, names[0], {"notify": Notify.NONE})
    whole = await stored(store, created)

    for name in names:
        assert await shown(store, name) == [listed(whole, name)]
        assert await store.list_memberships(name, limit=5) == [place(whole, name)]


@pytest.mark.parametrize("count", [_LISTED, _LISTED + 1])
async def test_many_people_are_counted_and_not_listed(store: Store, count: int) -> None:
    created = await store.create_conversation(new_conversation(*crowd(count, "ann")))

    (own,) = await shown(store, "ann")

    assert own == listed(created, "ann")
    assert own.participant_count == count
    assert (own.participants is None) is (count > _LISTED)


@pytest.mark.parametrize(("limit", "count"), [(2, 3), (60, 55)])
async def test_another_number_of_listed_people(store: Store, limit: int, count: int) -> None:
    """The setting may be lower or higher than what a store keeps beside the conversation."""
    created = await store.create_conversation(new_conversation(*crowd(count, "ann")))

    assert await shown(store, "ann", people=limit) == [listed(created, "ann", people=limit)]


async def test_the_list_has_the_order_and_the_pages_of_the_whole_one(store: Store) -> None:
    for _ in range(5):
        await store.create_conversation(new_conversation("ann", "bob"))
    whole = (await store.list_conversations("ann", limit=10)).conversations

    first = await store.list_own_conversations("ann", limit=3, people=_LISTED)
    second = await store.list_own_conversations(
        "ann", limit=3, people=_LISTED, cursor=first.next_cursor
    )

    found = [*first.conversations, *second.conversations]
    assert [one.id for one in found] == [one.id for one in whole]
    assert second.next_cursor is None
    places = await store.list_memberships("ann", limit=4)
    assert [one.conversation_id for one in places] == [one.id for one in whole[:4]]


async def test_people_come_and_go(store: Store) -> None:
    """What lists show of the people moves with every change of them."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    grown = await store.commit(adding(created, *crowd(60, "cid")))
    assert await shown(store, "cid") == [listed(grown, "cid")]
    assert await store.list_memberships("cid", limit=5) == [place(grown, "cid")]

    after = replace(grown, version=grown.version + 1, participants=people("ann", "cid"))
    shrunk = await store.commit(Commit(before=grown, after=after))

    (own,) = await shown(store, "ann")
    assert own == listed(shrunk, "ann")
    assert await shown(store, "bob") == []
    assert await store.list_memberships("bob", limit=5) == []


async def test_places_in_named_conversations(store: Store) -> None:
    """Those that one is in, of those that are asked for."""
    ours = await store.create_conversation(new_conversation("ann", "bob"))
    theirs = await store.create_conversation(new_conversation("bob"))
    asked = [ours.id, theirs.id, new_conversation("ann").id]

    assert await store.get_memberships("ann", asked) == [place(ours, "ann")]
    assert len(await store.get_memberships("bob", asked)) == 2
    assert await store.get_memberships("ann", []) == []


async def test_what_an_earlier_release_wrote(store: Store, uncount: Uncount) -> None:
    """It counts nobody: lists count by themselves, until the next commit writes the count."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    large = await store.create_conversation(new_conversation(*crowd(60, "ann")))
    await uncount(created)
    await uncount(large)

    found = {one.id: one for one in await shown(store, "ann")}
    assert found == {one.id: listed(one, "ann") for one in (created, large)}
    places = {one.conversation_id: one for one in await store.list_memberships("ann", limit=5)}
    assert places == {
        one.id: replace(place(one, "ann"), participant_count=None) for one in (created, large)
    }

    for one in (created, large):
        sent = await store.commit(sending(await stored(store, one), "hello"))
        (own,) = [each for each in await shown(store, "ann") if each.id == one.id]
        assert own == listed(sent, "ann")
        assert place(sent, "ann") in await store.list_memberships("ann", limit=5)


async def test_an_earlier_release_changes_the_people(store: Store, uncount: Uncount) -> None:
    """While two releases run beside each other: a count of before is not believed."""
    created = await store.create_conversation(new_conversation("ann", "bob"))
    grown = await store.commit(adding(created, "cid", "dan"))
    if isinstance(store, FirestoreStore):
        database = store.connection.database
        writes = Writes(database)
        stale = {"participant_count": 2, "listed_people": ["ann", "owner", 0, "bob", "member", 0]}
        stale["counted_commit_id"] = created.commit_id
        writes.update(database.document("conversations", grown.id), stale, list(stale))
        await store.connection.write("downgrade", writes)
    else:
        assert isinstance(store, SqlStore)
        await store.calls.write(
            "downgrade",
            lambda database: (
                ConversationRecord.objects.using(database.alias)
                .filter(id=grown.id)
                .update(participant_count=2, counted_commit_id=created.commit_id)
            ),
        )

    (own,) = await shown(store, "ann")

    assert own == listed(grown, "ann")
    (of_cid,) = await store.list_memberships("cid", limit=5)
    assert of_cid.participant_count is None


async def test_companions(store: Store) -> None:
    """Those of the people asked for with whom one shares a conversation, and where."""
    small = await store.create_conversation(new_conversation("ann", "bob"))
    large = await store.create_conversation(new_conversation(*crowd(60, "ann", "cid")))
    await store.create_conversation(new_conversation("bob", "dan"))
    large = await store.commit(adding(large, "eve"))

    found = await store.list_companions("ann", ["bob", "cid", "dan", "eve"])
    few = await store.list_companions("ann", ["bob", "cid", "dan", "eve"], most=59)

    def companion(user_id: str, conversation: Conversation) -> Companion:
        return Companion(
            user_id=user_id,
            conversation_id=conversation.id,
            version=conversation.version,
            joined_version=conversation.participants[user_id].joined_version,
            participant_count=len(conversation.participants),
        )

    bob = companion("bob", small)
    assert few == [bob]
    assert sorted(found, key=lambda one: one.user_id) == [
        bob,
        companion("cid", large),
        companion("eve", large),
    ]
    assert await store.list_companions("ann", []) == []


async def test_few_of_many_shared_conversations_are_named(store: Store) -> None:
    """What is answered grows with the people who are asked for."""
    for _ in range(6):
        await store.create_conversation(new_conversation("ann", "bob", "cid"))

    found = await store.list_companions("ann", ["bob"])

    assert {one.user_id for one in found} == {"bob"}
    assert len(found) == len({one.conversation_id for one in found}) == 4


async def test_companions_where_nobody_counted(store: Store, uncount: Uncount) -> None:
    small = await store.create_conversation(new_conversation("ann", "bob"))
    large = await store.create_conversation(new_conversation(*crowd(60, "ann", "cid")))
    await uncount(small)
    await uncount(large)

    found = await store.list_companions("ann", ["bob", "cid"], most=59)

    assert [(one.user_id, one.participant_count) for one in found] == [("bob", 2)]
