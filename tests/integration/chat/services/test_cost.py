"""What the acts of a person cost in documents, from the service to the store's meter.

Counted on SQL by the same rules as Firestore bills; that both count alike is the stores' test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.delivery.hub.connections import Connection
from messaging.domain.conversation import ConversationKind
from messaging.runtime.instance import Instance
from messaging.services import (
    conversations,
    history,
    messages,
    participants,
    pins,
    reactions,
    receipts,
    sessions,
    typing_indicators,
)
from messaging.services.account import own_conversations
from tests.documents import counted_documents
from tests.frames import read_frame
from tests.outlets import SIGNED_IN_AT, Outlet

_GROUPS = 20


@contextmanager
def billed(*, reads: int = 0, writes: int = 0, deletes: int = 0) -> Iterator[None]:
    """Just so much."""
    before = counted_documents()
    yield
    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"], counted["delete"]) == (reads, writes, deletes)


async def connect(instance: Instance, user_id: str) -> tuple[Connection, dict[str, Any]]:
    await instance.start()
    frames: list[str] = []
    connection = await sessions.open_session(
        instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )
    hello = read_frame(frames[0])
    assert hello["type"] == "hello"
    return connection, hello["data"]["conversations"]


async def found(instance: Instance, user_id: str, *others: str) -> str:
    founded = await conversations.create_conversation(
        instance, user_id=user_id, kind=ConversationKind.GROUP, participant_ids=others
    )
    return founded.own.conversation.id


@pytest_asyncio.fixture
async def groups(instance: Instance) -> list[str]:
    """Ann's and Bob's. The epoch is known, which each instance reads once and every 30 seconds."""
    await instance.epochs.get()
    return [await found(instance, "ann", "bob") for _ in range(_GROUPS)]


async def test_a_send(instance: Instance, groups: list[str]) -> None:
    """Two writes and no read; deleting or editing has to see the message."""
    with billed(writes=2):
        sent = await messages.send_message(
            instance, user_id="ann", conversation_id=groups[0], text="hello"
        )
    with billed(reads=1, writes=2):
        await messages.edit_message(
            instance,
            user_id="ann",
            conversation_id=groups[0],
            message_id=sent.message.id,
            changes={"text": "hello!"},
        )
    about = {"user_id": "ann", "conversation_id": groups[0], "message_id": sent.message.id}
    for pinned in (True, False):
        with billed(reads=1, writes=2):
            await pins.set_pinned(instance, **about, pinned=pinned)
    with billed(reads=1, writes=2):
        await messages.edit_message(instance, **about, changes={"metadata": '{"a":1}'})
    with billed(reads=1, writes=2):
        await messages.delete_message(instance, **about)


async def test_a_send_with_everything(instance: Instance, groups: list[str]) -> None:
    """Metadata and a mention of everyone cost no document more."""
    with billed(writes=2):
        await messages.send_message(
            instance,
            user_id="ann",
            conversation_id=groups[0],
            text="hello",
            metadata='{"a":1}',
            mentions_all=True,
        )


async def test_reactions(instance: Instance, groups: list[str]) -> None:
    """Three writes and two reads at most: the message, the conversation, and one's own entry. To
    see that a state holds already takes another read of the conversation."""
    sent = await messages.send_message(
        instance, user_id="ann", conversation_id=groups[0], text="hello"
    )

    async def react(*, present: bool) -> None:
        await reactions.set_reaction(
            instance,
            user_id="bob",
            conversation_id=groups[0],
            message_id=sent.message.id,
            emoji="👍",
            present=present,
        )

    with billed(reads=2, writes=3):
        await react(present=True)
    with billed(reads=3):
        await react(present=True)
    with billed(reads=2, writes=2, deletes=1):
        await react(present=False)


async def test_ones_own_reactions_of_a_page(instance: Instance) -> None:
    """None more where the summaries name everybody, else one for each such message."""
    people = [f"user-{number}" for number in range(12)]
    group = await found(instance, "ann", *people)
    sent = [
        await messages.send_message(instance, user_id="ann", conversation_id=group, text="hello")
        for _ in range(3)
    ]
    for number, person in enumerate(people):
        for one in sent[: 2 if number < 11 else 3]:
            await reactions.set_reaction(
                instance,
                user_id=person,
                conversation_id=group,
                message_id=one.message.id,
                emoji="👍",
                present=True,
            )
    page = await history.list_messages(instance, user_id="ann", conversation_id=group, limit=100)
    for person, reads in (("ann", 2), (people[0], 0), (people[11], 2)):
        with billed(reads=reads):
            own = await reactions.own_reactions(instance, user_id=person, messages=page.messages)
        mine = {"ann": [], people[0]: [["👍"], ["👍"], []]}.get(person, [["👍"]] * 3)
        assert [own[one.message.id] for one in sent] == (mine or [[], [], []])


async def test_people(instance: Instance) -> None:
    """A group of n costs n + 1 writes, and so does adding n; and a read for each who is added."""
    with billed(reads=2, writes=4):
        group = await found(instance, "ann", "bob", "cid")
    with billed(reads=2, writes=3):
        await participants.add_participants(
            instance, user_id="ann", conversation_id=group, user_ids=["dan", "eve"]
        )


async def test_receipts_and_typing(instance: Instance, groups: list[str]) -> None:
    """A read receipt is a transaction: one read, one write; whether somebody reads privately is
    read once in five minutes. What arrived is stored later, what is typed never."""
    await messages.send_message(instance, user_id="ann", conversation_id=groups[0], text="hello")
    await instance.start()  # after the message: to notify Bob of it costs as well

    with billed():
        await receipts.mark_delivered(instance, user_id="bob", conversation_id=groups[0], seq=1)
        await typing_indicators.set_typing(
            instance, user_id="bob", conversation_id=groups[0], typing=True
        )
    with billed(reads=2, writes=1):
        await receipts.mark_read(instance, user_id="bob", conversation_id=groups[0], seq=1)
    with billed(writes=1):
        await instance.stop()


async def test_a_page_of_conversations(instance: Instance, groups: list[str]) -> None:
    """Two reads for each: the conversation, and one's own position with one's flags."""
    await messages.send_message(instance, user_id="ann", conversation_id=groups[0], text="hello")

    for user_id in ("ann", "bob"):
        with billed(reads=2 * _GROUPS):
            await own_conversations.list_conversations(instance, user_id=user_id, limit=50)


async def test_a_full_page_of_unread_conversations(instance: Instance, groups: list[str]) -> None:
    """Two reads for each, and none for the pages behind it."""
    for group in groups:
        await messages.send_message(instance, user_id="ann", conversation_id=group, text="hello")

    with billed(reads=2 * 10):
        page = await own_conversations.list_conversations(instance, user_id="bob", limit=10)

    assert len(page.items) == 10
    assert page.next_cursor is not None


async def test_connecting(instance: Instance, groups: list[str]) -> None:
    """One query, and one read of whether they may come in; none for whoever comes back within a
    minute, and the same `hello`."""
    with billed(reads=_GROUPS + 1):
        connection, hello = await connect(instance, "ann")
    assert hello.keys() == set(groups)
    await messages.send_message(instance, user_id="ann", conversation_id=groups[0], text="hello")
    sessions.close_session(instance, connection)
    await messages.send_message(
        instance, user_id="bob", conversation_id=groups[0], text="welcome back"
    )

    with billed():
        connection, hello = await connect(instance, "ann")

    assert hello.keys() == set(groups)
    assert hello[groups[0]] == {"version": 2, "seq": 2}


@pytest.mark.parametrize(
    ("covered", "named", "truncated"),
    [(_GROUPS - 1, _GROUPS - 1, True), (_GROUPS, _GROUPS, False), (_GROUPS + 1, _GROUPS, False)],
)
async def test_hello_is_truncated_only_where_a_conversation_is_left_out(
    instance: Instance,
    groups: list[str],
    settings: Settings,
    covered: int,
    named: int,
    truncated: bool,
) -> None:
    """A list as long as what it covers is whole, which one read more tells."""
    settings.CHAT_LIMITS = {"latest_conversations": covered}

    with billed(reads=named + 1 + truncated):
        connection, hello = await connect(instance, "ann")

    assert (len(hello), connection.truncated) == (named, truncated)


@pytest.mark.parametrize("leaves", [False, True], ids=["another tab", "reconnected"])
async def test_a_truncated_list_is_not_taken_over(
    instance: Instance, groups: list[str], settings: Settings, leaves: bool
) -> None:
    """After some removals it would lack conversations that moved up, and stay truncated."""
    settings.CHAT_LIMITS = {"latest_conversations": _GROUPS - 2}
    first, hello = await connect(instance, "bob")
    assert first.truncated
    removed = sorted(hello)[:3]
    for group in removed:
        await participants.remove_participant(
            instance, user_id="ann", conversation_id=group, participant_id="bob"
        )
    if leaves:
        sessions.close_session(instance, first)

    second, hello = await connect(instance, "bob")

    assert hello.keys() == set(groups) - set(removed)
    assert not second.truncated


async def test_added_while_away(instance: Instance, groups: list[str]) -> None:
    """The list is asked for again: it has grown."""
    connection, _ = await connect(instance, "ann")
    sessions.close_session(instance, connection)
    other = await found(instance, "bob", "ann")

    with billed(reads=_GROUPS + 1):
        _, hello = await connect(instance, "ann")

    assert hello.keys() == {*groups, other}


async def test_the_link_is_down(instance: Instance, groups: list[str]) -> None:
    """Nobody's list is known to be current, of those who leave meanwhile neither."""
    connection, _ = await connect(instance, "ann")
    instance.hub.sessions.invalidate_lists()
    sessions.close_session(instance, connection)

    with billed(reads=_GROUPS):
        connection, _ = await connect(instance, "ann")


async def test_removed_while_away(instance: Instance, groups: list[str]) -> None:
    """The list is current without being asked for."""
    connection, _ = await connect(instance, "bob")
    sessions.close_session(instance, connection)
    await participants.remove_participant(
        instance, user_id="ann", conversation_id=groups[0], participant_id="bob"
    )

    with billed():
        _, hello = await connect(instance, "bob")

    assert hello.keys() == set(groups[1:])
