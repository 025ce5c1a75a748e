"""What one read or set on another device, for a client that was away; on SQL and Firestore."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.domain.conversation import ConversationKind
from messaging.domain.participant import Notify, OwnFlags, Preferences
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, participants, receipts, unread_marks
from messaging.services.account import conversation_preferences, own_changes
from messaging.services.account.conversation_preferences import OwnSettings
from messaging.services.account.own_changes import OwnChanges, OwnState
from tests.instances import new_instance
from tests.integration.stores import eventually

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture(params=["sql", "firestore"])
async def instance(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Instance]:
    if request.param == "firestore":
        emulator = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        settings.CHAT_STORE = "firestore"
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    async with new_instance() as instance:
        await eventually(instance.store.now, seconds=30)  # the emulator's first answer takes long
        await instance.start()
        yield instance


async def found(instance: Instance, *others: str) -> str:
    """The id of a group of ann and others in which ann has said three things."""
    founded = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=others, title="Tea"
    )
    id_ = founded.own.conversation.id
    for text in "abc":
        await messages.send_message(instance, user_id="ann", conversation_id=id_, text=text)
    return id_


async def changes(instance: Instance, user_id: str, since: datetime = LONG_AGO) -> OwnChanges:
    return await own_changes.list_own_changes(instance, user_id=user_id, since=since)


def state(
    id_: str,
    read_seq: int,
    unread_count: int,
    *,
    marked_unread: int | None = None,
    notify: Notify = Notify.ALL,
    flags: OwnFlags = OwnFlags(),
) -> OwnState:
    return OwnState(
        conversation_id=id_,
        read_seq=read_seq,
        unread_count=unread_count,
        marked_unread=marked_unread,
        settings=OwnSettings(preferences=Preferences(notify=notify), flags=flags),
    )


async def later(instance: Instance) -> datetime:
    """A moment of the store's after which nothing that was done so far is repeated."""
    return await instance.store.now() + timedelta(seconds=11)


async def items(instance: Instance, user_id: str, since: datetime = LONG_AGO) -> Sequence[OwnState]:
    return (await changes(instance, user_id, since)).items


async def test_what_changed_on_another_device(instance: Instance) -> None:
    """The present state, the latest change first."""
    first, second = await found(instance, "bob"), await found(instance, "bob")
    await receipts.mark_read(instance, user_id="bob", conversation_id=second, seq=1)
    await conversation_preferences.set_preferences(
        instance, user_id="bob", conversation_id=first, changes={"notify": Notify.MENTIONS}
    )
    await receipts.mark_read(instance, user_id="bob", conversation_id=first, seq=2)

    answer = await changes(instance, "bob")

    assert not answer.truncated
    assert answer.items == [state(first, 2, 1, notify=Notify.MENTIONS), state(second, 1, 2)]
    assert answer.at >= await instance.store.now() - timedelta(minutes=1)


async def test_the_next_answer_goes_on_from_the_last(instance: Instance) -> None:
    """What changed shortly before is repeated, and nothing else."""
    group = await found(instance, "bob")
    before = await changes(instance, "bob")
    assert await items(instance, "bob", before.at) == before.items

    assert await items(instance, "bob", await later(instance)) == []
    assert await items(instance, "bob", datetime(9999, 12, 31, tzinfo=UTC)) == []
    await receipts.mark_read(instance, user_id="bob", conversation_id=group, seq=3)
    assert await items(instance, "bob", before.at) == [state(group, 3, 0)]


async def test_deleted_messages_are_left_out(instance: Instance) -> None:
    group = await found(instance, "bob")
    sent = await messages.send_message(instance, user_id="ann", conversation_id=group, text="d")
    await messages.delete_message(
        instance, user_id="ann", conversation_id=group, message_id=sent.message.id
    )

    assert await items(instance, "bob") == [state(group, 0, 3)]


async def test_a_mark_holds_until_one_reads_or_sends(instance: Instance) -> None:
    first, second = await found(instance, "bob"), await found(instance, "bob")
    for group in (first, second):
        await unread_marks.set_mark(instance, user_id="bob", conversation_id=group, seq=2)
    marked = OwnFlags(marked_unread=2, marked_read_seq=0)
    assert await items(instance, "bob") == [
        state(second, 0, 3, marked_unread=2, flags=marked),
        state(first, 0, 3, marked_unread=2, flags=marked),
    ]

    await receipts.mark_read(instance, user_id="bob", conversation_id=first, seq=1)
    await messages.send_message(instance, user_id="bob", conversation_id=second, text="d")

    assert await items(instance, "bob") == [
        state(first, 1, 2, flags=marked),
        state(second, 4, 0, flags=marked),
    ]


async def test_ones_own_message_counts_as_read(instance: Instance) -> None:
    group = await found(instance, "bob")

    assert await items(instance, "ann") == [state(group, 3, 0)]


async def test_what_one_left_is_not_named(instance: Instance) -> None:
    """Nor what others read."""
    group = await found(instance, "bob", "cid")
    await receipts.mark_read(instance, user_id="cid", conversation_id=group, seq=1)
    assert await items(instance, "dan") == []

    await participants.remove_participant(
        instance, user_id="bob", conversation_id=group, participant_id="bob"
    )

    assert await items(instance, "bob") == []


async def test_a_long_answer_is_truncated(instance: Instance, settings: Settings) -> None:
    """It names the latest changes."""
    groups = [await found(instance, "bob") for _ in range(3)]
    await receipts.mark_read(instance, user_id="bob", conversation_id=groups[0], seq=3)
    settings.CHAT_LIMITS = {"latest_conversations": 2}

    answer = await changes(instance, "bob")

    assert answer.truncated
    assert len(answer.items) == 2
    assert state(groups[0], 3, 0) in answer.items
