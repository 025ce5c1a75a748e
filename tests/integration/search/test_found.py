"""A search finds everything that its person may see, and nothing else, after whatever was done."""

import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from messaging.domain.conversation import ConversationKind, History
from messaging.domain.exceptions import MessagingError
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.search.query import parse
from messaging.services import conversations, messages, participants, pins, reactions
from messaging.services.operators import conversations as operators
from messaging.services.search.searches import search_messages

PEOPLE = ("ann", "bob", "cid", "dan")
WORDS = ("tea", "Coffee", "MILK", "sugar", "thé", "tearoom")
QUERIES = ("tea", "te", "coffee", '"tea coffee"', "milk sug", "the")
ACTS = 70


class World:
    """A few conversations, in which people act at random."""

    def __init__(self, instance: Instance, seed: int) -> None:
        self.instance = instance
        self.random = random.Random(seed)
        self.ids: list[str] = []
        self.done = 0

    async def found(self) -> None:
        for history in (History.FULL, History.SINCE_JOINING):
            for system_messages in (False, True):
                founded = await conversations.create_conversation(
                    self.instance,
                    user_id="ann",
                    kind=ConversationKind.GROUP,
                    participant_ids=["bob"],
                    title="Tea",
                    history=history,
                    system_messages=system_messages,
                )
                self.ids.append(founded.own.conversation.id)
        direct = await conversations.create_conversation(
            self.instance, user_id="ann", kind=ConversationKind.DIRECT, participant_ids=["bob"]
        )
        self.ids.append(direct.own.conversation.id)

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 4)))

    async def act(self) -> None:
        """Do something, which may be refused."""
        instance, draw = self.instance, self.random
        conversation_id, user_id = draw.choice(self.ids), draw.choice(PEOPLE)
        at: dict[str, Any] = {"user_id": user_id, "conversation_id": conversation_id}
        person = draw.choice(PEOPLE)
        stored = await instance.store.list_latest_messages(conversation_id, limit=20)
        message_id = draw.choice(stored).id if stored else "a" * 26
        about: dict[str, Any] = {**at, "message_id": message_id}
        acts: list[Callable[[], Awaitable[Any]]] = [
            *[lambda: messages.send_message(instance, **at, text=self.text())] * 8,
            lambda: messages.edit_message(instance, **about, changes={"text": self.text()}),
            lambda: messages.delete_message(instance, **about),
            lambda: reactions.set_reaction(instance, **about, emoji="👍", present=True),
            lambda: pins.set_pinned(instance, **about, pinned=True),
            lambda: participants.add_participants(instance, **at, user_ids=[person]),
            lambda: participants.remove_participant(instance, **at, participant_id=person),
            lambda: participants.set_role(instance, **at, participant_id=person, role=Role.ADMIN),
            lambda: conversations.update_conversation(
                instance, **at, changes={"history": draw.choice(list(History))}
            ),
            lambda: operators.redact_message(
                instance, conversation_id=conversation_id, message_id=message_id
            ),
            lambda: operators.expel_participant(
                instance, conversation_id=conversation_id, participant_id=person
            ),
        ]
        if self.done == ACTS // 2:
            acts = [lambda: operators.delete_conversation(instance, conversation_id=self.ids[0])]
        with contextlib.suppress(MessagingError):
            await draw.choice(acts)()
        self.done += 1

    async def allowed(self, user_id: str, q: str) -> set[str]:
        """The messages that match in the store, and that the person may see."""
        query = parse(q)
        allowed = set()
        for conversation_id in self.ids:
            conversation = await self.instance.store.get_conversation(conversation_id)
            assert conversation is not None
            participant = conversation.participants.get(user_id)
            if participant is None:
                continue
            listed = await self.instance.store.list_messages(
                conversation_id, first_seq=participant.visible_from, last_seq=conversation.seq
            )
            allowed |= {one.id for one in listed if one.text and query.matches(one.text)}
        return allowed

    async def shown(self, user_id: str, q: str) -> Sequence[str]:
        """What a search shows, page by page."""
        shown: list[str] = []
        cursor = None
        while True:
            page = await search_messages(
                self.instance, user_id=user_id, q=q, conversation_id=None, limit=3, cursor=cursor
            )
            shown += [found.message.id for found in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return shown


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_search_shows_what_the_store_allows_now(searching: Instance, seed: int) -> None:
    """An index that is behind shows less, never more; one that has caught up shows all."""
    world = World(searching, seed)
    await world.found()
    assert searching.search is not None
    for step in range(ACTS):
        await world.act()
        if step % 10 == 0:
            await searching.search.catch_up()
        user_id, q = world.random.choice(PEOPLE), world.random.choice(QUERIES)
        assert set(await world.shown(user_id, q)) <= await world.allowed(user_id, q)
    await searching.search.catch_up()
    for user_id in PEOPLE:
        for q in QUERIES:
            shown = await world.shown(user_id, q)
            assert len(shown) == len(set(shown))
            assert set(shown) == await world.allowed(user_id, q), (user_id, q)
