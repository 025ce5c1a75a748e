"""Loading into a store that people use, on SQL and on Firestore: what they have decided stays in
force, and what they have changed is not overwritten."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import Blocked, StoreUnavailable
from messaging.domain.participant import Notify
from messaging.exchange.records import FullMessage, Person
from messaging.followers.follower import NOTHING
from messaging.followers.reading import read_after
from messaging.runtime.instance import Instance
from messaging.services import conversations
from messaging.services import messages as messages_service
from messaging.services.account import blocks, conversation_preferences
from messaging.services.exchange.loading import NotLoaded
from messaging.stores import Stores
from messaging.stores.exchange import AlreadyStored, Begun
from tests.instances import new_instance
from tests.integration.stores.exchange.chats import close, loaded, stores_of
from tests.integration.stores.exchange.small_files import AT, DIRECT, file_with, messages_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(params=["sql", "firestore"])
async def stores(
    request: pytest.FixtureRequest, transactional_db: None, firestore_emulator: str
) -> AsyncIterator[Stores]:
    with stores_of(request.param, emulator=firestore_emulator) as stores:
        yield stores
        await close(stores)


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def sql(transactional_db: None) -> AsyncIterator[Stores]:
    with stores_of("sql") as stores:
        yield stores
        await close(stores)


async def _stored(stores: Stores) -> Conversation:
    found = await stores.conversations.get_conversation(DIRECT.id)
    assert found is not None
    return found


async def _texts(stores: Stores) -> list[str | None]:
    found = await stores.exchange.list_full_messages(DIRECT.id, after_seq=0, limit=99)
    return [one.message.text for one in found]


async def test_a_block_concerns_a_loaded_conversation(stores: Stores) -> None:
    """It was made before the two had a conversation here."""
    await stores.people.set_block("ann", "bob", blocked=True)

    await loaded(file_with(["hello"]), stores)

    assert (await _stored(stores)).blocked_by == {"ann"}


async def test_a_load_that_was_killed_before_a_block_is_repeated(stores: Stores) -> None:
    """The conversation was complete, the block not in it yet."""
    await loaded(file_with(["hello"]), stores)
    await stores.people.set_block("bob", "ann", blocked=True)

    again = await loaded(file_with(["hello"]), stores)

    assert again.kept.conversations == 1
    assert (await _stored(stores)).blocked_by == {"bob"}


class _With:
    """A store of which some methods do more."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _BlockedMeanwhile(_With):
    people: Any

    async def complete_load(self, begun: Begun, conversation: Conversation) -> None:
        await self.people.set_block("bob", "ann", blocked=True)
        await self._store.complete_load(begun, conversation)


async def test_a_block_beside_a_load_concerns_the_conversation(stores: Stores) -> None:
    """The person who blocks does not find the conversation yet."""
    exchange = _BlockedMeanwhile(stores.exchange)
    exchange.people = stores.people

    await loaded(file_with(["hello"]), replace(stores, exchange=exchange))

    assert (await _stored(stores)).blocked_by == {"bob"}


async def test_nobody_writes_past_a_block_after_a_load(instance: Instance, sql: Stores) -> None:
    await blocks.block_person(instance, user_id="ann", person_id="bob")
    await loaded(file_with(["hello"]), sql)

    with pytest.raises(Blocked):
        await messages_service.send_message(
            instance, user_id="bob", conversation_id=DIRECT.id, text="hi", client_id="1"
        )


async def test_restrictions_of_the_file_are_added_to_a_known_person(stores: Stores) -> None:
    """Their profile stays. What reaches further counts, of the file or of the store."""
    later = datetime(2999, 1, 1, tzinfo=UTC)
    person = Person(
        user_id="ann", name="Other", valid_after=AT, banned_until=later, blocked=("bob", "cid")
    )
    await stores.people.set_profile("ann", {"name": "Ann"})
    await stores.people.set_block("ann", "dan", blocked=True)
    await loaded(file_with(["hello"]), stores)
    for _ in range(2):
        load = await loaded(file_with(["hello"], person), stores)
        assert load.kept.people == 1

    access = await stores.people.get_access("ann")
    assert (access.valid_after, access.banned_until) == (AT, later)
    assert (await stores.people.get_blocks(["ann"]))["ann"] == {"bob", "cid", "dan"}
    assert (await stores.people.get_profiles(["ann"]))["ann"].name == "Ann"
    assert (await _stored(stores)).blocked_by == {"ann"}

    earlier = replace(person, valid_after=AT - timedelta(1), banned_until=AT)
    await loaded(file_with(["hello"], earlier), stores)
    access = await stores.people.get_access("ann")
    assert (access.valid_after, access.banned_until) == (AT, later)


async def test_settings_and_blocks_are_no_difference(instance: Instance, sql: Stores) -> None:
    """People change them without a version, during a load and after it."""
    file = file_with(["hello"])
    await loaded(file, sql)
    await conversation_preferences.set_preferences(
        instance, user_id="bob", conversation_id=DIRECT.id, changes={"notify": Notify.NONE}
    )
    await blocks.block_person(instance, user_id="ann", person_id="bob")

    again = await loaded(file, sql)

    assert (again.kept.conversations, again.continued, again.others) == (1, 0, 0)


async def test_a_conversation_that_went_on_has_the_messages_of_the_file(
    instance: Instance, sql: Stores
) -> None:
    file = file_with(["hello"])
    await loaded(file, sql)
    await messages_service.send_message(
        instance, user_id="bob", conversation_id=DIRECT.id, text="hi", client_id="1"
    )

    again = await loaded(file, sql)

    assert (again.kept.conversations, again.continued, again.others) == (1, 1, 0)


async def test_another_conversation_of_the_same_people_is_reported(
    instance: Instance, sql: Stores
) -> None:
    """It has a higher version, but not the messages of the file. Nothing of the file is loaded."""
    await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.DIRECT, participant_ids=["bob"]
    )
    for number in range(3):
        await messages_service.send_message(
            instance, user_id="bob", conversation_id=DIRECT.id, text="x", client_id=str(number)
        )

    load = await loaded(file_with(["hello"]), sql)

    assert (load.counts.conversations, load.continued, load.others) == (0, 0, 1)
    assert await _texts(sql) == ["x"] * 3


async def test_a_changed_file_does_not_go_on_unnoticed(stores: Stores) -> None:
    """A part of the file was loaded. Then somebody changed this part."""
    texts = [f"{number}" for number in range(5)]
    conversation, full = messages_of(DIRECT, texts)
    begun = await stores.exchange.begin_load(conversation, "file")
    await stores.exchange.add_messages(begun, full[:3])
    changed = file_with(["other", *texts[1:]])

    with pytest.raises(NotLoaded, match="The file has changed"):
        await loaded(changed, stores)
    assert (await _stored(stores)).participants == {}
    await loaded(changed, stores)

    assert await _texts(stores) == ["other", *texts[1:]]


async def test_a_load_goes_on_from_each_message(stores: Stores) -> None:
    texts = [f"{number}" for number in range(5)]
    conversation, full = messages_of(DIRECT, texts)
    begun = await stores.exchange.begin_load(conversation, "file")
    await stores.exchange.add_messages(begun, full[:3])

    load = await loaded(file_with(texts), stores)

    assert load.counts.messages == 5
    assert await _texts(stores) == texts


class _Unanswered(_With):
    """Applies a write without an answer, and does not answer the question after it."""

    failures = 0

    async def add_messages(self, begun: Begun, messages: Sequence[FullMessage]) -> None:
        await self._store.add_messages(begun, messages)
        if not self.failures:
            self.failures = 1
            raise StoreUnavailable

    async def begin_load(self, conversation: Conversation, load_id: str) -> Begun:
        if self.failures == 1:
            self.failures = 2
            raise StoreUnavailable
        begun: Begun = await self._store.begin_load(conversation, load_id)
        return begun


async def test_lost_answers_stop_no_load(stores: Stores) -> None:
    exchange = _Unanswered(stores.exchange)

    load = await loaded(file_with(["a", "b"]), replace(stores, exchange=exchange))

    assert exchange.failures == 2
    assert load.counts.messages == 2
    assert await _texts(stores) == ["a", "b"]


async def test_only_the_load_of_the_shell_adds_messages(stores: Stores) -> None:
    """Another load has taken the conversation over."""
    conversation, full = messages_of(DIRECT, ["a", "b"])
    first = await stores.exchange.begin_load(conversation, "first")
    second = await stores.exchange.begin_load(conversation, "second")
    assert second.loading

    with pytest.raises((AlreadyStored, StoreUnavailable)):
        await stores.exchange.add_messages(first, full)
    assert await _texts(stores) == []
    for one in full:
        await stores.exchange.add_messages(second, [one])
    assert await _texts(stores) == ["a", "b"]


async def test_no_follower_reports_an_incomplete_conversation(stores: Stores) -> None:
    await stores.exchange.begin_load(DIRECT, "load")

    for from_beginning in (False, True):
        followed = await read_after(
            stores.conversations,
            DIRECT.id,
            NOTHING,
            from_beginning=from_beginning,
            started_at=AT - timedelta(1),
            epoch="e",
        )
        assert followed is None
