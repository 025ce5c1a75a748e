"""A conversation whose document would grow beyond what a store keeps takes nobody more."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from messaging.changes.sizes import LARGEST, grown_size, takes_more_people
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.participant import Notify, Preferences
from messaging.runtime.instance import Instance
from messaging.services import conversations, participants
from messaging.stores.firestore.client.requests import Database, Writes
from messaging.stores.firestore.documents.conversations import new_conversation
from tests.integration.chat import Api, ok, wrong_fields
from tests.unit.messaging import new_group


def crowd(count: int, first: int = 0) -> list[str]:
    """People with the longest ids that there may be."""
    return [f"{number:05}".rjust(128, "x") for number in range(first, first + count)]


async def takes(instance: Instance, group: str, people: list[str]) -> bool:
    try:
        await participants.add_participants(
            instance, user_id="ann", conversation_id=group, user_ids=people
        )
    except InvalidRequest as refused:
        (error,) = refused.errors
        assert (error.field, error.code) == ("user_ids", "too_many")
        return False
    return True


async def test_adding_stops_below_the_limit_of_a_document(
    instance: Instance, settings: Settings, ann: Api
) -> None:
    """However high the setting is. What was refused changes nothing."""
    settings.CHAT_LIMITS = {"participants": 10_000}
    group = await ann.group()
    added = 0
    while await takes(instance, group, crowd(350, added)):
        added += 350
        assert added < 5_000

    conversation = await instance.store.get_conversation(group)
    assert conversation is not None
    assert len(conversation.participants) == 1 + added
    assert takes_more_people(conversation)
    assert added > 1_000
    person = crowd(350, added)
    answer = await ann.post(f"/conversations/{group}/participants", user_ids=person)
    assert wrong_fields(answer) == [("user_ids", "too_many")]
    assert ok(await ann.get(f"/conversations/{group}"))["participant_count"] == 1 + added


async def test_founding_is_refused_alike(instance: Instance, settings: Settings) -> None:
    settings.CHAT_LIMITS = {"participants": 10_000}
    with pytest.raises(InvalidRequest) as refused:
        await conversations.create_conversation(
            instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=crowd(3_000)
        )

    (error,) = refused.value.errors
    assert (error.field, error.code) == ("participant_ids", "too_many")


@pytest.mark.parametrize("name_length", [1, 128])
def test_a_thousand_people_always_fit(name_length: int) -> None:
    """The contract's limit, whatever the ids, the texts and the settings."""
    names = [f"{number:03}".rjust(name_length, "x")[-128:] for number in range(1_000)]
    assert takes_more_people(new_group(*names, title="€" * 200))


def test_the_estimate_covers_the_document() -> None:
    """Everybody has sent and changed everything: Firestore's message of the document's fields is
    no larger than the estimate."""
    group = new_group(*crowd(1_000))
    grown = _grown(group)
    writes = Writes(Database("test"))
    writes.create("name", new_conversation(grown))

    assert writes.request.ByteSize() <= grown_size(group)
    assert grown_size(group) <= LARGEST


def _grown(group: Conversation) -> Conversation:
    settings = Preferences(muted_until=datetime.now(UTC), notify=Notify.MENTIONS)
    return replace(
        group,
        created_at=datetime.now(UTC),
        active_at=datetime.now(UTC),
        sent_seq=dict.fromkeys(group.participants, 10**12),
        mentioned_seq=dict.fromkeys(group.participants, 10**12),
        last_sender_id="x" * 128,
        other_seq=10**12,
        preferences=dict.fromkeys(group.participants, settings),
        participants={
            user_id: replace(person, visible_from=10**12, joined_version=10**12)
            for user_id, person in group.participants.items()
        },
        metadata="x" * 4_096,
        picture="x" * 2_048,
        mentions_all_seq=10**12,
    )
