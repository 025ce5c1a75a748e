"""What all stores promise of reactions, see `messaging.stores.reactions`."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from messaging.changes.messages.reacting import React
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.writer import Writer
from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message, PersonReactions, ReactionSummary
from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Commit, Conflict, Store
from tests.commits import CommitLog
from tests.integration.stores import new_conversation, sending

PEOPLE = [f"user-{number}" for number in range(7)]


@pytest.fixture
async def conversation(store: Store) -> Conversation:
    """A stored one with two messages."""
    conversation = await store.create_conversation(new_conversation(*PEOPLE))
    return await store.commit(sending(conversation, "one", "two", sender=PEOPLE[0]))


async def messages_of(store: Store, conversation: Conversation) -> Sequence[Message]:
    return await store.list_messages(conversation.id, first_seq=1, last_seq=100)


def reacting(before: Conversation, message: Message, *own: PersonReactions) -> Commit:
    """The commit after which these people have these reactions."""
    version = before.version + 1
    count = len(own) or 1
    changed = replace(
        message, version=version, reactions={"👍": ReactionSummary(count=count, user_ids=())}
    )
    after = replace(before, version=version)
    return Commit(before=before, after=after, replaced=[changed], reactions=own)


def reactions_of(message: Message, user_id: str, *emojis: str) -> PersonReactions:
    return PersonReactions(message_id=message.id, user_id=user_id, emojis=emojis)


async def test_each_persons_reactions(store: Store, conversation: Conversation) -> None:
    """By message and person, in the order in which they were given; nothing of others."""
    first, second = await messages_of(store, conversation)
    conversation = await store.commit(
        reacting(
            conversation,
            first,
            reactions_of(first, PEOPLE[0], "👍", "❤️", "+1"),
            reactions_of(first, PEOPLE[1], "❤️"),
        )
    )
    await store.commit(reacting(conversation, second, reactions_of(second, PEOPLE[0], "🎉")))

    keys = [(one.id, person) for one in (first, second) for person in PEOPLE[:3]]
    assert await store.reactions.get_reactions(conversation.id, keys) == {
        (first.id, PEOPLE[0]): ("👍", "❤️", "+1"),
        (first.id, PEOPLE[1]): ("❤️",),
        (second.id, PEOPLE[0]): ("🎉",),
    }
    mine = [(first.id, PEOPLE[0]), (second.id, PEOPLE[0])]
    assert len(await store.reactions.get_reactions(conversation.id, mine)) == 2
    assert await store.reactions.get_reactions(conversation.id, []) == {}


async def test_a_later_commit_replaces_them(store: Store, conversation: Conversation) -> None:
    """All of one person's on one message; without any, nothing remains."""
    first, _ = await messages_of(store, conversation)
    given = [reactions_of(first, person, "👍", "❤️") for person in PEOPLE[:2]]
    conversation = await store.commit(reacting(conversation, first, *given))
    conversation = await store.commit(
        reacting(
            conversation, first, reactions_of(first, PEOPLE[0], "❤️"), reactions_of(first, PEOPLE[1])
        )
    )

    keys = [(first.id, person) for person in PEOPLE]
    assert await store.reactions.get_reactions(conversation.id, keys) == {
        (first.id, PEOPLE[0]): ("❤️",)
    }
    assert await store.reactions.list_reactions(conversation.id, first.id, "👍", limit=9) == []


async def test_a_conflict_writes_none(store: Store, conversation: Conversation) -> None:
    first, _ = await messages_of(store, conversation)
    await store.commit(reacting(conversation, first, reactions_of(first, PEOPLE[0], "👍")))

    with pytest.raises(Conflict):
        await store.commit(reacting(conversation, first, reactions_of(first, PEOPLE[1], "👍")))

    found = await store.reactions.list_reactions(conversation.id, first.id, "👍", limit=9)
    assert found == [PEOPLE[0]]


async def test_a_reaction_to_a_message_of_the_same_commit(
    store: Store, conversation: Conversation
) -> None:
    """A batch may send a message and react to it."""
    commit = sending(conversation, "three", sender=PEOPLE[0])
    sent = replace(
        commit.created[0], reactions={"👍": ReactionSummary(count=1, user_ids=(PEOPLE[1],))}
    )
    after = replace(commit.after, last_message=sent)
    own = reactions_of(sent, PEOPLE[1], "👍")

    await store.commit(replace(commit, after=after, created=[sent], reactions=[own]))

    assert (await store.get_messages(conversation.id, [sent.id]))[sent.id].reactions == (
        sent.reactions
    )
    assert await store.reactions.get_reactions(conversation.id, [own.key]) == {own.key: ("👍",)}


async def test_everybody_page_by_page(store: Store, conversation: Conversation) -> None:
    """With one emoji, each person once, in a fixed order."""
    first, second = await messages_of(store, conversation)
    given = [reactions_of(first, person, "❤️", "👍") for person in PEOPLE]
    conversation = await store.commit(reacting(conversation, first, *given))
    conversation = await store.commit(
        reacting(conversation, first, reactions_of(first, PEOPLE[3], "❤️"))
    )
    await store.commit(reacting(conversation, second, reactions_of(second, PEOPLE[3], "👍")))

    found: list[str] = []
    while True:
        page = await store.reactions.list_reactions(
            conversation.id, first.id, "👍", after=found[-1] if found else "", limit=2
        )
        found += page
        if len(page) < 2:
            break

    assert sorted(found) == [*PEOPLE[:3], *PEOPLE[4:]]
    hearts = await store.reactions.list_reactions(conversation.id, first.id, "❤️", limit=9)
    assert sorted(hearts) == PEOPLE


async def test_which_messages_have_reactions(store: Store, conversation: Conversation) -> None:
    first, second = await messages_of(store, conversation)
    given = [reactions_of(first, person, "👍", "❤️") for person in PEOPLE[:2]]
    await store.commit(reacting(conversation, first, *given))

    async def among(*message_ids: str) -> list[str]:
        return list(
            await store.reactions.list_messages_with_reactions(conversation.id, message_ids)
        )

    assert await among(second.id, first.id, random_id()) == [first.id]
    assert await among(second.id) == []
    assert await among() == []


async def test_removing_all_of_a_message(store: Store, conversation: Conversation) -> None:
    """And none of another's."""
    first, second = await messages_of(store, conversation)
    given = [reactions_of(first, person, "👍") for person in PEOPLE]
    conversation = await store.commit(reacting(conversation, first, *given))
    await store.commit(reacting(conversation, second, reactions_of(second, PEOPLE[0], "👍")))

    for _ in range(2):  # idempotent
        await store.reactions.remove_reactions(conversation.id, first.id)

    keys = [(one.id, person) for one in (first, second) for person in PEOPLE]
    assert list(await store.reactions.get_reactions(conversation.id, keys)) == [
        (second.id, PEOPLE[0])
    ]


async def test_the_messages_of_a_deleted_group_take_theirs_along(
    store: Store, catalogue: Catalogue, conversation: Conversation
) -> None:
    first, second = await messages_of(store, conversation)
    given = [reactions_of(first, person, "👍") for person in PEOPLE]
    await store.commit(reacting(conversation, first, *given))

    while await catalogue.delete_messages(conversation.id, limit=300):
        pass

    assert await messages_of(store, conversation) == []
    keys = [(one.id, person) for one in (first, second) for person in PEOPLE]
    assert await store.reactions.get_reactions(conversation.id, keys) == {}


@pytest.mark.parametrize("emoji", ["__tea__", "____", "__", "_", "+1", "-", "tea_time"])
async def test_every_name_of_a_reaction_can_be_stored(
    store: Store, conversation: Conversation, emoji: str
) -> None:
    """Firestore reserves names of fields that begin and end with two underscores."""
    first, _ = await messages_of(store, conversation)
    writer = Writer(store, ConversationCache(), CommitLog())
    act = React(user_id=PEOPLE[1], message_id=first.id, emoji=emoji, present=True)
    await writer.submit(conversation.id, act)

    (reacted, _) = await messages_of(store, conversation)
    assert reacted.reactions[emoji].user_ids == (PEOPLE[1],)
    found = await store.get_conversation(conversation.id)
    assert found is not None
