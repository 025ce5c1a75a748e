"""A commit reads what its changes need, each thing once, and nothing for people without rights."""

import asyncio

import pytest

from messaging.changes.change import ConversationChange, Outcome
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessageNotFound, NotAParticipant
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.stores.sql.store import SqlStore
from tests.commits import CommitLog
from tests.documents import counted_documents
from tests.unit.messaging import add, delete, edit, new_group, pin, react, send


class Room:
    """A group of ann and bob with a message by ann, and what commits to it."""

    def __init__(self, store: SqlStore, group: Conversation, message: Message) -> None:
        self.group, self.message = group, message
        self._writer = Writer(store, ConversationCache(), CommitLog())

    async def commit(self, *acts: ConversationChange) -> tuple[list[Outcome | BaseException], int]:
        """Carry out acts in one commit. Return their outcomes, and how many documents it read."""
        await self._writer.submit(self.group.id, pin("ann", self.message.id))  # it is cached now
        before = counted_documents()
        outcomes = await asyncio.gather(
            *(self._writer.submit(self.group.id, act) for act in acts), return_exceptions=True
        )
        return outcomes, counted_documents()["read"] - before["read"]


@pytest.fixture
async def room(sql_store: SqlStore) -> Room:
    group = await sql_store.create_conversation(new_group("ann", "bob"))
    writer = Writer(sql_store, ConversationCache(), CommitLog())
    sent = await writer.submit(group.id, send(group.id, "ann", "one"))
    assert sent.message is not None
    return Room(sql_store, group, sent.message)


async def test_one_message_for_many_changes(room: Room) -> None:
    """It is read once, and so are one person's reactions; each change sees what the earlier ones
    made of it."""
    id_ = room.message.id
    outcomes, reads = await room.commit(
        react("bob", id_, "👍"),
        edit("ann", id_, "two"),
        react("bob", id_, "🎉"),
        delete("ann", id_),
    )

    assert [isinstance(outcome, Outcome) for outcome in outcomes] == [True] * 4
    assert reads == 2
    assert isinstance(outcomes[2], Outcome)
    assert outcomes[2].reactions is not None
    assert outcomes[2].reactions.emojis == ("👍", "🎉")


async def test_earlier_texts_go_from_edit_to_edit(room: Room, sql_store: SqlStore) -> None:
    id_ = room.message.id
    _, reads = await room.commit(edit("ann", id_, "two"), edit("ann", id_, "three"))

    found = await sql_store.get_edited(room.group.id, [id_])
    assert [one.text for one in found[id_][1].texts()] == ["one", "two"]
    assert reads == 1


async def test_a_stranger_costs_nothing(room: Room) -> None:
    """Nor does a missing message cost its reactions. A refusal alone reads the conversation."""
    outcomes, reads = await room.commit(
        react("eve", room.message.id, "👍"),
        react("bob", random_id(), "👍"),
        send(room.group.id, "bob"),
    )

    assert [type(outcome) for outcome in outcomes] == [NotAParticipant, MessageNotFound, Outcome]
    assert reads == 1


async def test_a_person_who_is_added_by_the_same_commit(room: Room) -> None:
    """What they need is read then."""
    outcomes, reads = await room.commit(add("ann", "cid"), react("cid", room.message.id, "👍"))

    assert [type(outcome) for outcome in outcomes] == [Outcome, Outcome]
    assert reads == 2
