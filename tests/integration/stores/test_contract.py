"""What all stores promise, see `messaging.stores.conversations`."""

import asyncio
import itertools
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.domain.participant import Notify, Participant, Preferences, ReadPosition, Role
from messaging.stores.conversations import (
    AlreadyExists,
    Commit,
    Conflict,
    InvalidCursor,
    Page,
    Store,
)
from messaging.stores.firestore.documents.conversations import SHARDS
from messaging.stores.positions import Advanced
from messaging.stores.shared.recent_changes import PAGE
from tests.integration.stores import editing, new_conversation, people, sending

MILLISECOND = timedelta(milliseconds=1)
MUTE = {"muted_until": datetime(2031, 5, 6, 7, 8, 9, 123000, UTC)}
MUTED = Preferences(muted_until=MUTE["muted_until"])


@pytest.fixture
async def conversation(store: Store) -> Conversation:
    """A stored conversation of Ann, Bob and Cid in which nothing was said."""
    return await store.create_conversation(new_conversation("ann", "bob", "cid"))


async def stored(store: Store, conversation: Conversation) -> Conversation:
    """The conversation as anybody reads it now."""
    found = await store.get_conversation(conversation.id)
    assert found is not None
    return found


async def all_messages(store: Store, conversation: Conversation) -> Sequence[Message]:
    return await store.list_messages(conversation.id, first_seq=1, last_seq=1_000)


async def all_pages(store: Store, user_id: str, *, limit: int) -> list[Page]:
    pages = [await store.list_conversations(user_id, limit=limit)]
    while pages[-1].next_cursor is not None:
        pages.append(
            await store.list_conversations(user_id, limit=limit, cursor=pages[-1].next_cursor)
        )
    return pages


def ids(conversations: Sequence[Conversation]) -> list[str]:
    return [conversation.id for conversation in conversations]


def is_commit_time(moment: datetime) -> bool:
    """Whether a store may have given this time just now: recent, in UTC, in milliseconds."""
    recent = abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    return recent and moment.tzinfo == UTC and moment.microsecond % 1000 == 0


# Creating and reading


async def test_now(store: Store) -> None:
    """The store's clock is the one that dates commits, and goes forward."""
    before = await store.now()
    created = await store.create_conversation(new_conversation("ann"))
    after = await store.now()

    assert is_commit_time(before)
    assert before <= created.updated_at <= after


async def test_created_conversation_reads_back(store: Store) -> None:
    """What create_conversation returns is what everybody reads from then on."""
    created = await store.create_conversation(new_conversation("ann", "bob"))

    assert await stored(store, created) == created
    assert (await stored(store, created)).token == created.token


async def test_create_keeps_what_it_is_given(store: Store) -> None:
    """Creating changes nothing but the times and the token."""
    given = new_conversation("ann", "bob")

    created = await store.create_conversation(given)

    at = created.created_at
    assert is_commit_time(at)
    assert created == replace(given, created_at=at, updated_at=at, active_at=at)


async def test_conversation_without_a_title(store: Store) -> None:
    """No title stays None; it does not become an empty one."""
    created = await store.create_conversation(new_conversation("ann", "bob", title=None))

    assert (await stored(store, created)).title is None


async def test_create_twice(store: Store, conversation: Conversation) -> None:
    """The second to create an id is told so, and the first one's conversation stays."""
    other = replace(new_conversation("dan", "eve", title="Other"), id=conversation.id)

    with pytest.raises(AlreadyExists):
        await store.create_conversation(other)

    assert await stored(store, conversation) == conversation
    assert (await store.list_conversations("dan", limit=10)).conversations == []
    positions = await store.list_read_positions(conversation.id)
    assert {position.user_id for position in positions} == {"ann", "bob", "cid"}


async def test_create_at_once(store: Store) -> None:
    """Of many who create the same id at once exactly one succeeds."""
    given = new_conversation("ann", "bob")

    answers = await asyncio.gather(
        *(store.create_conversation(given) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(answer, Conversation) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyExists) for answer in answers) == 9


async def test_unknown_conversation(store: Store) -> None:
    """What was never stored reads as None."""
    assert await store.get_conversation(random_id()) is None


async def test_founders_have_read_nothing(store: Store, conversation: Conversation) -> None:
    """Creating a conversation stores a read position of 0 for each participant."""
    positions = await store.list_read_positions(conversation.id)

    assert {position.user_id: position for position in positions} == {
        user_id: ReadPosition(user_id=user_id, read_seq=0, delivered_seq=0)
        for user_id in ("ann", "bob", "cid")
    }


@pytest.mark.parametrize("user_id", ["a.b@c:d-e", "ann@example.com", "x:1", "-", "_a", "9", "A.b"])
async def test_every_form_of_user_id(store: Store, user_id: str) -> None:
    """A user id is a key as it is, whatever dots, colons and dashes it has."""
    created = await store.create_conversation(new_conversation(user_id, "bob"))
    committed = await store.commit(sending(created, "hello", sender=user_id))
    await store.set_preferences(created.id, user_id, MUTE)
    await store.advance_read(created.id, user_id, 1)

    found = await stored(store, created)
    assert list(found.participants) == [user_id, "bob"]
    assert found.sent_seq == {user_id: 1}
    assert found.preferences == {user_id: MUTED}
    assert found.last_message == committed.last_message
    page = await store.list_conversations(user_id, limit=10)
    assert ids(page.conversations) == [created.id]
    positions = await store.get_read_positions(user_id, [created.id])
    assert positions[created.id].read_seq == 1


async def test_thousand_participants(store: Store) -> None:
    """A conversation of 1,000 people keeps all of them, in their order."""
    user_ids = [f"user-{number}" for number in range(1_000)]

    created = await store.create_conversation(new_conversation(*user_ids))

    assert list((await stored(store, created)).participants) == user_ids
    assert len(await store.list_read_positions(created.id)) == 1_000


# Committing


async def test_commit_reads_back(store: Store, conversation: Conversation) -> None:
    """What commit returns is what everybody reads from then on."""
    committed = await store.commit(sending(conversation, "one", "two"))

    found = await stored(store, conversation)
    assert found == committed
    assert found.token == committed.token
    assert (found.seq, found.version) == (2, 2)
    assert found.sent_seq == {"ann": 2}


async def test_commit_creates_messages(store: Store, conversation: Conversation) -> None:
    """All created messages are stored with the seq and version the commit gave them."""
    commit = sending(conversation, "one", "two", "three")

    committed = await store.commit(commit)

    messages = await all_messages(store, conversation)
    at = committed.updated_at
    assert messages == [replace(message, created_at=at) for message in commit.created]
    assert committed.last_message == messages[-1]


async def test_commit_time(store: Store, conversation: Conversation) -> None:
    """COMMIT_TIME becomes the same moment everywhere: UTC, in whole milliseconds."""
    committed = await store.commit(sending(conversation, "one"))

    (message,) = await all_messages(store, conversation)
    assert is_commit_time(committed.updated_at)
    assert committed.active_at == committed.updated_at
    assert message.created_at == committed.updated_at
    assert message.created_at.tzinfo == UTC
    assert committed.created_at == conversation.created_at


async def test_times_that_are_given(store: Store, conversation: Conversation) -> None:
    """A time that is not COMMIT_TIME is stored as it is; only updated_at always moves."""
    commit = sending(conversation, "one")
    early = datetime(2020, 1, 2, 3, 4, 5, 678000, UTC)
    message = replace(commit.created[0], created_at=early)
    after = replace(commit.after, active_at=early, last_message=message)

    committed = await store.commit(replace(commit, after=after, created=[message]))

    assert committed.active_at == early
    assert is_commit_time(committed.updated_at)
    assert await all_messages(store, conversation) == [message]
    assert await stored(store, conversation) == committed


async def test_commit_id(store: Store, conversation: Conversation) -> None:
    """Whoever reads the conversation knows which commit wrote it last."""
    commit = sending(conversation, "hello")

    committed = await store.commit(commit)

    await store.set_preferences(conversation.id, "ann", MUTE)
    found = await stored(store, conversation)
    assert committed.commit_id == found.commit_id == commit.commit_id


async def test_token_moves(store: Store, conversation: Conversation) -> None:
    """Each commit gives a new token, good for the next commit."""
    first = await store.commit(sending(conversation, "one"))
    second = await store.commit(sending(first, "two"))

    assert len({conversation.token, first.token, second.token}) == 3
    assert [message.seq for message in await all_messages(store, conversation)] == [1, 2]


async def test_token_of_a_reader(store: Store, conversation: Conversation) -> None:
    """A conversation that was read, alone or in a list, is as good a base as a committed one."""
    await store.commit(sending(conversation, "one"))
    second = await store.commit(sending(await stored(store, conversation), "two"))
    (listed,) = (await store.list_conversations("bob", limit=10)).conversations

    third = await store.commit(sending(listed, "three"))

    assert listed == second
    assert third.seq == 3


async def test_stale_base(store: Store, conversation: Conversation) -> None:
    """A commit on a base that somebody changed is a Conflict and writes nothing."""
    committed = await store.commit(sending(conversation, "first"))
    commit = sending(conversation, "too late", sender="bob")
    joined = {**conversation.participants, **people("dan")}
    stale = replace(
        commit,
        after=replace(commit.after, title="Late", participants=joined),
        positions=[ReadPosition(user_id="dan", read_seq=1)],
    )

    with pytest.raises(Conflict):
        await store.commit(stale)

    assert await stored(store, conversation) == committed
    assert [message.text for message in await all_messages(store, conversation)] == ["first"]
    assert (await store.list_conversations("dan", limit=10)).conversations == []
    assert len(await store.list_read_positions(conversation.id)) == 3


async def test_message_that_exists(store: Store, conversation: Conversation) -> None:
    """A commit that creates a message once more is refused and writes nothing."""
    first = sending(conversation, "first")
    committed = await store.commit(first)
    again = sending(committed, "new", "again")
    again = replace(
        again,
        after=replace(again.after, title="Changed"),
        created=[again.created[0], replace(again.created[1], id=first.created[0].id)],
    )

    with pytest.raises(AlreadyExists) as refused:
        await store.commit(again)

    assert refused.value.message_ids == {first.created[0].id}
    found = await stored(store, conversation)
    assert found == committed
    assert found.token == committed.token
    assert [message.text for message in await all_messages(store, conversation)] == ["first"]


async def test_commits_from_one_base(store: Store, conversation: Conversation) -> None:
    """Of 30 commits on one base at once exactly one wins; the others write nothing."""
    answers = await asyncio.gather(
        *(store.commit(sending(conversation, f"number {number}")) for number in range(30)),
        return_exceptions=True,
    )

    (winner,) = [answer for answer in answers if isinstance(answer, Conversation)]
    assert sum(isinstance(answer, Conflict) for answer in answers) == 29
    assert await all_messages(store, conversation) == [winner.last_message]
    assert await stored(store, conversation) == winner


async def test_replaced_message(store: Store, conversation: Conversation) -> None:
    """A replaced message has its new state, and so has the conversation's last message."""
    sent = await store.commit(sending(conversation, "tpyo"))
    assert sent.last_message is not None

    edited = await store.commit(editing(sent, sent.last_message, "typo"))

    (message,) = await all_messages(store, conversation)
    assert (message.text, message.seq, message.version) == ("typo", 1, 2)
    assert message.edited_at == edited.updated_at
    assert message.created_at == sent.updated_at
    assert edited.last_message == message
    assert await stored(store, conversation) == edited


async def test_replaced_message_that_is_not_the_last(
    store: Store, conversation: Conversation
) -> None:
    """Replacing an earlier message leaves the last message as it is."""
    sent = await store.commit(sending(conversation, "one", "two"))
    first, second = await all_messages(store, conversation)

    edited = await store.commit(editing(sent, first, "uno"))

    assert edited.last_message == second
    assert await stored(store, conversation) == edited
    assert [message.text for message in await all_messages(store, conversation)] == ["uno", "two"]


async def test_deleted_message(store: Store, conversation: Conversation) -> None:
    """A tombstone keeps its place and reads back without text and mentions."""
    sent = await store.commit(sending(conversation, "regret"))
    assert sent.last_message is not None
    tombstone = replace(sent.last_message, text=None, version=2, deleted_at=COMMIT_TIME)
    after = replace(sent, version=2, last_message=tombstone)

    committed = await store.commit(Commit(before=sent, after=after, replaced=[tombstone]))

    (message,) = await all_messages(store, conversation)
    assert message == replace(tombstone, deleted_at=committed.updated_at)
    assert await stored(store, conversation) == committed


async def test_creating_and_replacing_in_one_commit(
    store: Store, conversation: Conversation
) -> None:
    """One commit may create some messages and replace others."""
    sent = await store.commit(sending(conversation, "one"))
    assert sent.last_message is not None
    edit = editing(sent, sent.last_message, "uno")
    send = sending(edit.after, "two")

    committed = await store.commit(
        Commit(before=sent, after=send.after, created=send.created, replaced=edit.replaced)
    )

    messages = await all_messages(store, conversation)
    assert [(message.text, message.version) for message in messages] == [("uno", 2), ("two", 3)]
    assert await stored(store, conversation) == committed


async def test_title(store: Store, conversation: Conversation) -> None:
    """A commit without messages can change the title, and moves only updated_at."""
    after = replace(conversation, title="Coffee", version=1)

    committed = await store.commit(Commit(before=conversation, after=after))

    assert committed == replace(after, updated_at=committed.updated_at)
    assert committed.active_at == conversation.active_at
    assert await stored(store, conversation) == committed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("👩‍👩‍👧‍👦 🇩🇪 e\u0301 \U0010ffff", id="beyond the basic plane"),
        pytest.param("\t tabs,\nnewlines\n\n and spaces \n", id="white space at the ends"),
        pytest.param("'; DROP TABLE x; -- \"quoted\" `\\' %s {} $1 \\u0041", id="quotes"),
        pytest.param("null", id="the word null"),
        pytest.param("شكرا \u202eright to left\u202c", id="directions"),
        pytest.param("x" * 10_000, id="10,000 letters"),
        pytest.param("🎈" * 8_000 + "é" * 2_000, id="10,000 code points"),
    ],
)
async def test_text_is_kept_as_given(store: Store, conversation: Conversation, text: str) -> None:
    """Not one code point of a text changes, in a message or in a title."""
    commit = sending(conversation, text)

    await store.commit(replace(commit, after=replace(commit.after, title=text[:200])))

    (message,) = await all_messages(store, conversation)
    found = await stored(store, conversation)
    assert message.text == text
    assert found.title == text[:200]
    assert found.last_message == message


async def test_every_field_of_a_message(store: Store, conversation: Conversation) -> None:
    """Replies, mentions in their order, a missing client_id and all times read back."""
    moment = datetime(2024, 2, 29, 23, 59, 59, 999000, UTC)
    commit = sending(conversation, "all")
    message = replace(
        commit.created[0],
        client_id=None,
        reply_to=random_id(),
        mentions=("cid", "a.b@c:d-e", "bob"),
        created_at=moment,
        edited_at=moment + timedelta(seconds=1),
        deleted_at=moment + timedelta(seconds=2),
    )

    await store.commit(
        replace(commit, after=replace(commit.after, last_message=message), created=[message])
    )

    assert await all_messages(store, conversation) == [message]
    assert (await stored(store, conversation)).last_message == message


# People


async def add(store: Store, base: Conversation, *user_ids: str) -> Conversation:
    version = base.version + 1
    joined = {
        user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=version)
        for user_id in user_ids
    }
    after = replace(base, version=version, participants={**base.participants, **joined})
    positions = [
        ReadPosition(user_id=user_id, read_seq=base.seq, delivered_seq=base.seq)
        for user_id in user_ids
    ]
    return await store.commit(Commit(before=base, after=after, positions=positions))


async def remove(store: Store, base: Conversation, *user_ids: str) -> Conversation:
    stay = {
        user_id: participant
        for user_id, participant in base.participants.items()
        if user_id not in user_ids
    }
    after = replace(base, version=base.version + 1, participants=stay)
    return await store.commit(Commit(before=base, after=after))


async def test_added_people(store: Store, conversation: Conversation) -> None:
    """Added people come last, in the order given, with their role and joined_version."""
    committed = await add(store, conversation, "zoe", "abe")

    found = await stored(store, conversation)
    assert list(found.participants.items()) == list(committed.participants.items())
    assert list(found.participants) == ["ann", "bob", "cid", "zoe", "abe"]
    assert found.participants["abe"] == Participant(
        user_id="abe", role=Role.MEMBER, joined_version=1
    )
    assert ids((await store.list_conversations("zoe", limit=10)).conversations) == [found.id]


async def test_removed_people(store: Store, conversation: Conversation) -> None:
    """Who was removed is no participant and does not list the conversation any more."""
    await remove(store, conversation, "bob")

    assert list((await stored(store, conversation)).participants) == ["ann", "cid"]
    assert (await store.list_conversations("bob", limit=10)).conversations == []
    assert ids((await store.list_conversations("ann", limit=10)).conversations) == [conversation.id]


async def test_removed_and_added_again(store: Store, conversation: Conversation) -> None:
    """Who comes back comes last, with a new joined_version."""
    removed = await remove(store, conversation, "ann")

    await add(store, removed, "ann")

    found = await stored(store, conversation)
    assert list(found.participants) == ["bob", "cid", "ann"]
    assert found.participants["ann"].joined_version == 2


async def test_removed_and_added_again_in_one_commit(
    store: Store, conversation: Conversation
) -> None:
    """Somebody may go and come back within one commit, and comes last then too."""
    back = Participant(user_id="ann", role=Role.MEMBER, joined_version=2)
    others = {key: conversation.participants[key] for key in ("bob", "cid")}
    after = replace(conversation, version=2, participants={**others, "ann": back})

    await store.commit(Commit(before=conversation, after=after))

    found = await stored(store, conversation)
    assert list(found.participants.items()) == list(after.participants.items())
    assert ids((await store.list_conversations("ann", limit=10)).conversations) == [found.id]


async def test_order_after_many_changes(store: Store, conversation: Conversation) -> None:
    """People stand in the order in which they were added, whoever left before."""
    base = await remove(store, conversation, "ann", "bob")
    base = await add(store, base, "dan")
    base = await remove(store, base, "cid")
    base = await add(store, base, "bob", "abe")

    found = await stored(store, conversation)
    assert list(found.participants) == ["dan", "bob", "abe"]
    assert [person.joined_version for person in found.participants.values()] == [2, 4, 4]


async def test_everybody_left(store: Store, conversation: Conversation) -> None:
    """A conversation without people is still there, and takes people again."""
    empty = await remove(store, conversation, "ann", "bob", "cid")
    assert (await stored(store, conversation)).participants == {}

    await add(store, empty, "ann")

    assert list((await stored(store, conversation)).participants) == ["ann"]


async def test_role(store: Store, conversation: Conversation) -> None:
    """A changed role reads back, and moves nobody."""
    admin = replace(conversation.participants["bob"], role=Role.ADMIN)
    after = replace(
        conversation, version=1, participants={**conversation.participants, "bob": admin}
    )

    await store.commit(Commit(before=conversation, after=after))

    found = await stored(store, conversation)
    assert [(person.user_id, person.role) for person in found.participants.values()] == [
        ("ann", Role.OWNER),
        ("bob", Role.ADMIN),
        ("cid", Role.MEMBER),
    ]


# Lists of conversations


async def test_list_of_nobody(store: Store) -> None:
    """Who is in no conversation has an empty list without a next page."""
    page = await store.list_conversations("nobody", limit=10)

    assert page == Page(conversations=[], next_cursor=None)


async def test_list_order(store: Store) -> None:
    """Conversations are listed by their latest activity, latest first."""
    moments = [datetime(2024, 1, day, tzinfo=UTC) for day in (2, 3, 1)]
    second, first, third = [
        await store.create_conversation(new_conversation("ann", active_at=moment))
        for moment in moments
    ]

    before = await store.list_conversations("ann", limit=10)
    await store.commit(sending(third, "hello"))
    after = await store.list_conversations("ann", limit=10)

    assert ids(before.conversations) == [first.id, second.id, third.id]
    assert ids(after.conversations) == [third.id, first.id, second.id]


async def test_list_is_complete(store: Store, conversation: Conversation) -> None:
    """A listed conversation is the same as one that was read by its id, token included."""
    await store.commit(sending(conversation, "hello"))
    await store.set_preferences(conversation.id, "bob", MUTE)

    (listed,) = (await store.list_conversations("ann", limit=10)).conversations

    found = await stored(store, conversation)
    assert listed == found
    assert listed.token == found.token


async def test_list_is_ones_own(store: Store) -> None:
    """A list has only conversations of which the person is a participant."""
    mine = await store.create_conversation(new_conversation("ann", "bob"))
    await store.create_conversation(new_conversation("bob", "cid"))

    page = await store.list_conversations("ann", limit=10)

    assert ids(page.conversations) == [mine.id]


async def test_pages_through_ties(store: Store) -> None:
    """Pages of conversations of the same activity have each of them once."""
    tied = datetime(2024, 1, 1, 12, tzinfo=UTC)
    moments = [tied + timedelta(hours=1), *[tied] * 5, tied - timedelta(milliseconds=1)]
    created = [
        await store.create_conversation(new_conversation("ann", active_at=moment))
        for moment in moments
    ]

    pages = await all_pages(store, "ann", limit=2)

    listed = [conversation for page in pages for conversation in page.conversations]
    assert [len(page.conversations) for page in pages] == [2, 2, 2, 1]
    assert [conversation.active_at for conversation in listed] == moments
    assert sorted(ids(listed)) == sorted(ids(created))


async def test_last_page(store: Store) -> None:
    """A page that is not full is the last one, and may be empty."""
    for _ in range(4):
        await store.create_conversation(new_conversation("ann"))

    assert [len(page.conversations) for page in await all_pages(store, "ann", limit=3)] == [3, 1]
    assert [len(page.conversations) for page in await all_pages(store, "ann", limit=2)] == [2, 2, 0]


async def test_pages_while_the_list_moves(store: Store) -> None:
    """A conversation that moves to the top does not make the next page skip or repeat others."""
    moments = [datetime(2024, 1, day, tzinfo=UTC) for day in (4, 3, 2, 1)]
    created = [
        await store.create_conversation(new_conversation("ann", active_at=moment))
        for moment in moments
    ]
    first = await store.list_conversations("ann", limit=2)
    await store.commit(sending(created[3], "hello"))

    second = await store.list_conversations("ann", limit=2, cursor=first.next_cursor)

    assert ids(first.conversations) == ids(created[:2])
    assert ids(second.conversations) == [created[2].id]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "not a cursor",
        "é",
        "e30",  # {}
        "W10",  # []
        "bnVsbA",  # null
        "WzEsIDJd",  # [1, 2]
        "WyIyMDI0LTAxLTAxVDAwOjAwOjAwIiwgImEiXQ",  # a time without its zone, and no id
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgImEiXQ",  # before the first year
        "W" * 50_000,
    ],
)
async def test_malformed_cursor(store: Store, cursor: str) -> None:
    """A cursor that this store did not make is refused."""
    with pytest.raises(InvalidCursor):
        await store.list_conversations("ann", limit=10, cursor=cursor)


# What changed lately


async def make_admin(store: Store, base: Conversation, user_id: str) -> Conversation:
    admin = replace(base.participants[user_id], role=Role.ADMIN)
    participants = {**base.participants, user_id: admin}
    after = replace(base, version=base.version + 1, participants=participants)
    return await store.commit(Commit(before=base, after=after))


async def rename(store: Store, base: Conversation, title: str) -> Conversation:
    after = replace(base, version=base.version + 1, title=title)
    return await store.commit(Commit(before=base, after=after))


async def edit_first(store: Store, base: Conversation, text: str) -> Conversation:
    (first, *_) = await all_messages(store, base)
    return await store.commit(editing(base, first, text))


DURABLE_CHANGES: dict[str, Callable[[Store, Conversation], Awaitable[Conversation]]] = {
    "a send": lambda store, base: store.commit(sending(base, "three")),
    "an edit": lambda store, base: edit_first(store, base, "uno"),
    "a title": lambda store, base: rename(store, base, "Coffee"),
    "a role": lambda store, base: make_admin(store, base, "bob"),
    "somebody added": lambda store, base: add(store, base, "dan"),
    "somebody removed": lambda store, base: remove(store, base, "bob"),
}


@pytest.mark.parametrize("change", DURABLE_CHANGES)
async def test_every_durable_change_shows(
    store: Store, conversation: Conversation, change: str
) -> None:
    """Whatever changed is found by its time, whole; what changed before is not."""
    base = await store.commit(sending(conversation, "one", "two"))
    await store.create_conversation(new_conversation("ann", "bob"))
    since = await later(store)

    changed = await DURABLE_CHANGES[change](store, base)

    answer = await store.list_changed_conversations(since=since)
    assert answer.conversations == [changed]
    assert answer.conversations[0].token == changed.token
    assert changed.updated_at >= since


async def later(store: Store) -> datetime:
    """The store's time, once it is past the millisecond of everything that is stored."""
    start = now = await store.now()
    while now == start:
        now = await store.now()
    return now


async def test_a_founded_conversation_shows(store: Store) -> None:
    """A conversation counts as changed when it is founded, and at exactly that time."""
    created = await store.create_conversation(new_conversation("ann", "bob"))

    at = await store.list_changed_conversations(since=created.updated_at)
    after = await store.list_changed_conversations(since=created.updated_at + MILLISECOND)

    assert at.conversations == [created]
    assert after.conversations == []


async def test_what_is_no_durable_change_does_not_show(
    store: Store, conversation: Conversation
) -> None:
    """Preferences, read and delivered positions leave `updated_at` alone."""
    await store.commit(sending(conversation, "one"))
    since = await later(store)

    await store.set_preferences(conversation.id, "ann", MUTE)
    await store.advance_read(conversation.id, "bob", 1)
    await store.advance_delivered(conversation.id, "cid", 1)

    assert (await store.list_changed_conversations(since=since)).conversations == []


async def test_the_time_of_an_answer(store: Store, conversation: Conversation) -> None:
    """What was committed before an answer's time is in it, by the clock that dates commits."""
    before = await store.now()
    answer = await store.list_changed_conversations(since=before - timedelta(hours=1))
    created = await store.create_conversation(new_conversation("ann"))

    assert answer.conversations == [conversation]
    assert is_commit_time(answer.read_at)
    assert before <= answer.read_at <= created.updated_at


async def test_much_changed(store: Store) -> None:
    """However many changed, all are found, each once: also where many did in the same moment, and
    where one and the same query of Firestore has to be continued."""
    many = (new_conversation("ann") for _ in itertools.count())
    of_one_shard = (one for one in many if zlib.crc32(one.id.encode()) % SHARDS == 7)
    wanted = [*itertools.islice(of_one_shard, 2 * PAGE + 1), *itertools.islice(many, 40)]
    since = await store.now()
    created = await asyncio.gather(*map(store.create_conversation, wanted))

    answer = await store.list_changed_conversations(since=since)

    assert sorted(ids(answer.conversations)) == sorted(ids(created))


# Link notes


async def test_link_notes(store: Store) -> None:
    """Who says to be cut off is listed until it takes that back."""
    before = await store.now()
    assert (await store.list_link_notes()).boot_ids == frozenset()

    await store.put_link_note("3f9d")
    await store.put_link_note("77aa")
    await store.put_link_note("3f9d")
    notes = await store.list_link_notes()
    await store.delete_link_note("3f9d")

    assert notes.boot_ids == {"3f9d", "77aa"}
    assert before <= notes.read_at <= await store.now()
    assert (await store.list_link_notes()).boot_ids == {"77aa"}


async def test_taking_back_what_was_not_told(store: Store) -> None:
    """Whoever comes back takes its note back without knowing whether there is one."""
    await store.delete_link_note("3f9d")

    assert (await store.list_link_notes()).boot_ids == frozenset()


# Preferences


async def test_preferences(store: Store, conversation: Conversation) -> None:
    """Preferences read back for those who set them; versions and times stay."""
    quiet = Preferences(notify=Notify.MENTIONS)

    await store.set_preferences(conversation.id, "ann", MUTE)
    await store.set_preferences(conversation.id, "bob", {"notify": Notify.MENTIONS})

    found = await stored(store, conversation)
    assert found == replace(conversation, preferences={"ann": MUTED, "bob": quiet})


async def test_default_preferences(store: Store, conversation: Conversation) -> None:
    """Who goes back to the defaults is not kept among those who changed theirs."""
    await store.set_preferences(conversation.id, "ann", MUTE)
    await store.set_preferences(conversation.id, "bob", MUTE)

    await store.set_preferences(conversation.id, "ann", {"muted_until": None})

    assert (await stored(store, conversation)).preferences == {"bob": MUTED}


async def test_preferences_at_once(store: Store, conversation: Conversation) -> None:
    """Nobody's preferences are lost when several set theirs at once."""
    user_ids = ("ann", "bob", "cid")

    await asyncio.gather(
        *(store.set_preferences(conversation.id, user_id, MUTE) for user_id in user_ids)
    )

    assert (await stored(store, conversation)).preferences == dict.fromkeys(user_ids, MUTED)


async def test_what_is_not_named_stays(store: Store, conversation: Conversation) -> None:
    """Only the named settings are changed, also of somebody who has others already, and back."""

    async def own() -> Preferences | None:
        return (await stored(store, conversation)).preferences.get("ann")

    await store.set_preferences(conversation.id, "ann", {"notify": Notify.NONE})
    await store.set_preferences(conversation.id, "ann", MUTE)
    assert await own() == replace(MUTED, notify=Notify.NONE)
    await store.set_preferences(conversation.id, "ann", {})
    assert await own() == replace(MUTED, notify=Notify.NONE)
    await store.set_preferences(conversation.id, "ann", {"notify": Notify.ALL})
    assert await own() == MUTED
    await store.set_preferences(conversation.id, "ann", {"muted_until": None})
    assert await own() is None
    await store.set_preferences(conversation.id, "ann", {"muted_until": None})
    assert (await stored(store, conversation)) == conversation


async def test_one_persons_preferences_at_once(store: Store, conversation: Conversation) -> None:
    """Two devices that change different settings at once both have their way."""
    changes: list[Mapping[str, object]] = [MUTE, {"notify": Notify.MENTIONS}] * 5

    await asyncio.gather(*(store.set_preferences(conversation.id, "ann", one) for one in changes))

    found = await stored(store, conversation)
    assert found.preferences == {"ann": replace(MUTED, notify=Notify.MENTIONS)}


async def test_preferences_change_the_token(store: Store, conversation: Conversation) -> None:
    """A commit on a base from before the preferences would undo them: it is a Conflict."""
    await store.set_preferences(conversation.id, "ann", MUTE)

    with pytest.raises(Conflict):
        await store.commit(sending(conversation, "hello"))

    await store.commit(sending(await stored(store, conversation), "hello"))
    assert (await stored(store, conversation)).preferences == {"ann": MUTED}


# Messages


async def test_get_messages(store: Store, conversation: Conversation) -> None:
    """Messages are found by id; those that do not exist are left out."""
    commit = sending(conversation, "one", "two", "three")
    await store.commit(commit)
    one, _, three = await all_messages(store, conversation)

    found = await store.get_messages(conversation.id, [one.id, random_id(), three.id])

    assert found == {one.id: one, three.id: three}
    assert await store.get_messages(conversation.id, []) == {}


async def test_get_messages_of_several_conversations(
    store: Store, conversation: Conversation
) -> None:
    """Each is found in its own conversation only."""
    other = await store.create_conversation(new_conversation("ann", "bob"))
    for one in (conversation, other):
        await store.commit(sending(one, "one", "two"))
    here, _ = await all_messages(store, conversation)
    first, second = await all_messages(store, other)

    found = await store.get_messages_of(
        {conversation.id: [here.id, first.id], other.id: [second.id, random_id()]}
    )

    assert found == {here.id: here, second.id: second}
    assert await store.get_messages_of({}) == {}


@pytest.mark.parametrize(
    ("first_seq", "last_seq", "expected"),
    [
        (1, 5, [1, 2, 3, 4, 5]),
        (2, 3, [2, 3]),
        (4, 4, [4]),
        (4, 100, [4, 5]),
        (0, 1, [1]),
        (6, 9, []),
        (3, 2, []),
    ],
)
async def test_list_messages(
    store: Store, conversation: Conversation, first_seq: int, last_seq: int, expected: list[int]
) -> None:
    """A range of messages includes both ends and ascends by seq."""
    await store.commit(sending(conversation, "a", "b", "c", "d", "e"))

    messages = await store.list_messages(conversation.id, first_seq=first_seq, last_seq=last_seq)

    assert [message.seq for message in messages] == expected


@pytest.mark.parametrize(("limit", "expected"), [(1, [5]), (3, [3, 4, 5]), (9, [1, 2, 3, 4, 5])])
async def test_list_latest_messages(
    store: Store, conversation: Conversation, limit: int, expected: list[int]
) -> None:
    """The latest messages are the last ones, ascending by seq."""
    assert await store.list_latest_messages(conversation.id, limit=limit) == []
    await store.commit(sending(conversation, "a", "b", "c", "d", "e"))

    messages = await store.list_latest_messages(conversation.id, limit=limit)

    assert [message.seq for message in messages] == expected


@pytest.fixture
async def edited(store: Store, conversation: Conversation) -> Conversation:
    """Four messages, of which the second and then the first changed: versions 6, 5, 3, 4."""
    base = await store.commit(sending(conversation, "a", "b", "c", "d"))
    first, second, *_ = await all_messages(store, conversation)
    base = await store.commit(editing(base, second, "B"))
    return await store.commit(editing(base, first, "A"))


@pytest.mark.parametrize(
    ("since", "until", "limit", "expected"),
    [
        (0, 6, 10, ["c", "d", "B", "A"]),
        (3, 6, 10, ["d", "B", "A"]),
        (0, 5, 10, ["c", "d", "B"]),
        (0, 6, 2, ["c", "d"]),
        (4, 6, 1, ["B"]),
        (6, 100, 10, []),
        (0, 2, 10, []),
    ],
)
async def test_list_changed_messages(
    store: Store, edited: Conversation, since: int, until: int, limit: int, expected: list[str]
) -> None:
    """Messages changed after `since` up to `until` ascend by version, in their present state."""
    messages = await store.list_changed_messages(edited.id, since=since, until=until, limit=limit)

    assert [message.text for message in messages] == expected


@pytest.mark.parametrize(
    ("since", "up_to", "expected"),
    [(0, 100, 4), (3, 100, 3), (6, 100, 0), (0, 4, 4), (0, 3, 3), (4, 1, 1)],
)
async def test_count_changed_messages(
    store: Store, edited: Conversation, since: int, up_to: int, expected: int
) -> None:
    """Each message counts once, however often it changed, and counting stops at `up_to`."""
    assert await store.count_changed_messages(edited.id, since=since, up_to=up_to) == expected


async def test_conversations_are_apart(store: Store, conversation: Conversation) -> None:
    """No way of reading messages or positions of one conversation shows another's."""
    other = await store.create_conversation(new_conversation("ann", "bob"))
    await store.commit(sending(other, "elsewhere"))
    (elsewhere,) = await all_messages(store, other)
    await store.advance_read(other.id, "ann", 1)

    assert await all_messages(store, conversation) == []
    assert await store.get_messages(conversation.id, [elsewhere.id]) == {}
    changed = await store.list_changed_messages(conversation.id, since=0, until=9, limit=9)
    assert changed == []
    assert await store.count_changed_messages(conversation.id, since=0, up_to=9) == 0
    assert await stored(store, conversation) == conversation
    positions = await store.get_read_positions("ann", [conversation.id, other.id])
    assert positions[conversation.id].read_seq == 0
    assert positions[other.id].read_seq == 1


async def test_unknown_conversation_has_nothing(store: Store) -> None:
    """Reading what belongs to a conversation that was never stored finds nothing."""
    unknown = random_id()

    assert await store.list_messages(unknown, first_seq=1, last_seq=9) == []
    assert await store.list_changed_messages(unknown, since=0, until=9, limit=9) == []
    assert await store.count_changed_messages(unknown, since=0, up_to=9) == 0
    assert await store.list_read_positions(unknown) == []
    assert await store.get_read_positions("ann", [unknown]) == {}


# Read positions


async def test_positions_of_added_people(store: Store, conversation: Conversation) -> None:
    """Who is added starts where the commit says; everybody else's position stays."""
    base = await store.commit(sending(conversation, "one", "two"))

    await add(store, base, "dan")

    positions = {one.user_id: one for one in await store.list_read_positions(conversation.id)}
    assert positions["dan"] == ReadPosition(user_id="dan", read_seq=2, delivered_seq=2)
    assert positions["ann"] == ReadPosition(user_id="ann", read_seq=0, delivered_seq=0)


async def test_positions_of_removed_people(store: Store, conversation: Conversation) -> None:
    """A position outlives leaving, and is set anew on coming back."""
    base = await store.commit(sending(conversation, "one", "two"))
    await store.advance_read(conversation.id, "bob", 1)
    base = await remove(store, base, "bob")

    left = await store.get_read_positions("bob", [conversation.id])
    await add(store, base, "bob")
    back = await store.get_read_positions("bob", [conversation.id])

    assert left[conversation.id].read_seq == 1
    assert back[conversation.id].read_seq == 2


async def test_read_positions_of_one_person(store: Store) -> None:
    """One person's positions come by conversation; where there is none, it is left out."""
    one, two, other = [
        await store.create_conversation(new_conversation(*user_ids))
        for user_ids in (["ann", "bob"], ["ann"], ["bob"])
    ]
    await store.advance_read(two.id, "ann", 7)

    positions = await store.get_read_positions("ann", [one.id, two.id, other.id, random_id()])

    assert positions == {
        one.id: ReadPosition(user_id="ann", read_seq=0, delivered_seq=0),
        two.id: ReadPosition(user_id="ann", read_seq=7, delivered_seq=7),
    }
    assert await store.get_read_positions("ann", []) == {}


async def test_advance_read(store: Store, conversation: Conversation) -> None:
    """Reading forward moves what is read and delivered, and says so."""
    advanced = await store.advance_read(conversation.id, "ann", 3)

    position = ReadPosition(user_id="ann", read_seq=3, delivered_seq=3)
    assert advanced == Advanced(position=position, moved=True)
    assert position in await store.list_read_positions(conversation.id)


@pytest.mark.parametrize("seq", [0, 2, 3])
async def test_reading_backwards_changes_nothing(
    store: Store, conversation: Conversation, seq: int
) -> None:
    """Reading what was read already moves nothing, and answers with where one is."""
    await store.advance_read(conversation.id, "ann", 3)

    advanced = await store.advance_read(conversation.id, "ann", seq)

    position = ReadPosition(user_id="ann", read_seq=3, delivered_seq=3)
    assert advanced == Advanced(position=position, moved=False)
    assert position in await store.list_read_positions(conversation.id)


async def test_reading_keeps_what_was_delivered(store: Store, conversation: Conversation) -> None:
    """Reading up to a seq does not take back what was delivered beyond it."""
    ahead = ReadPosition(user_id="dan", read_seq=1, delivered_seq=8)
    after = replace(
        conversation, version=1, participants={**conversation.participants, **people("dan")}
    )
    await store.commit(Commit(before=conversation, after=after, positions=[ahead]))

    advanced = await store.advance_read(conversation.id, "dan", 5)

    assert advanced.position == ReadPosition(user_id="dan", read_seq=5, delivered_seq=8)


async def test_advance_read_at_once(store: Store, conversation: Conversation) -> None:
    """Of positions that race the furthest stays, and each answer is true of its moment."""
    seqs = [seq * 7 % 20 + 1 for seq in range(20)]

    answers = await asyncio.gather(
        *(store.advance_read(conversation.id, "ann", seq) for seq in seqs)
    )

    positions = await store.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id].read_seq == max(seqs)
    moved = {seq for seq, answer in zip(seqs, answers, strict=True) if answer.moved}
    assert max(seqs) in moved
    for seq, answer in zip(seqs, answers, strict=True):
        if answer.moved:
            assert answer.position.read_seq == seq
        else:
            assert answer.position.read_seq > seq
            assert answer.position.read_seq in moved


async def test_reading_does_not_touch_the_conversation(
    store: Store, conversation: Conversation
) -> None:
    """A read receipt takes no version, and no commit fails because of it."""
    await store.advance_read(conversation.id, "bob", 1)

    assert await stored(store, conversation) == conversation
    await store.commit(sending(conversation, "hello"))


async def test_advance_delivered(store: Store, conversation: Conversation) -> None:
    """What was delivered moves forward, never back, and leaves what was read alone."""
    await store.advance_read(conversation.id, "ann", 2)

    await store.advance_delivered(conversation.id, "ann", 5)
    await store.advance_delivered(conversation.id, "ann", 3)

    positions = await store.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id] == ReadPosition(user_id="ann", read_seq=2, delivered_seq=5)


async def test_advance_delivered_at_once(store: Store, conversation: Conversation) -> None:
    """Of delivered positions that race the furthest stays."""
    seqs = [seq * 7 % 20 + 1 for seq in range(20)]

    await asyncio.gather(*(store.advance_delivered(conversation.id, "ann", seq) for seq in seqs))

    positions = await store.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id].delivered_seq == max(seqs)


async def test_first_position(store: Store, conversation: Conversation) -> None:
    """A position is kept even for somebody who had none."""
    await store.advance_delivered(conversation.id, "dan", 4)
    await store.advance_read(conversation.id, "eve", 3)

    positions = await store.list_read_positions(conversation.id)
    assert ReadPosition(user_id="dan", read_seq=0, delivered_seq=4) in positions
    assert ReadPosition(user_id="eve", read_seq=3, delivered_seq=3) in positions


# Closing


async def test_close(store: Store, conversation: Conversation) -> None:
    """A closed store can be used again, and closing twice is no mistake."""
    await store.close()
    await store.close()

    assert await stored(store, conversation) == conversation
