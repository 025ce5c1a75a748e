"""What all stores promise to operators, see `messaging.stores.catalogue`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.domain.people import FOREVER, Access
from messaging.domain.recipients import Decision, Verdict
from messaging.stores.catalogue import Catalogue, FailedNotification, Place
from messaging.stores.conversations import Commit, Store
from messaging.stores.decisions import ChunkKey, DecisionStore
from messaging.stores.people import PeopleStore
from messaging.stores.recipients import RecipientStore
from tests.integration.stores import new_conversation, sending

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=1)


async def every_conversation(catalogue: Catalogue, *, limit: int) -> list[Conversation]:
    """All pages, one after the other."""
    found: list[Conversation] = []
    after: Place | None = None
    while page := await catalogue.list_conversations(limit=limit, after=after):
        assert len(page) <= limit
        found += page
        after = page[-1].updated_at, page[-1].id
    return found


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_all_conversations_are_listed(store: Store, catalogue: Catalogue, limit: int) -> None:
    """Everybody's, the one that changed last first, on pages of any length, none twice."""
    stored = [
        await store.create_conversation(new_conversation(f"user-{number}")) for number in range(25)
    ]
    stored[3] = await store.commit(sending(stored[3], "hello", sender="user-3"))

    found = await every_conversation(catalogue, limit=limit)

    in_order = sorted(stored, key=lambda one: (one.updated_at, one.id), reverse=True)
    assert found == in_order
    assert found[0].updated_at == stored[3].updated_at  # two commits may bear one time


async def test_there_is_nothing_yet(catalogue: Catalogue) -> None:
    assert list(await catalogue.list_conversations(limit=10)) == []
    assert list(await catalogue.list_people(limit=10)) == []
    assert list(await catalogue.list_banned(limit=10)) == []
    assert list(await catalogue.list_failed(limit=10)) == []


async def test_everybody_of_whom_something_is_kept(
    catalogue: Catalogue, people: PeopleStore, recipients: RecipientStore
) -> None:
    """Each once, whatever it is that is kept, in the order of their ids."""
    banned = await people.set_ban("cid", until=FOREVER)
    await people.set_block("ann", "cid", blocked=True)
    await recipients.set_settings("bob", {"push_text": False})
    await recipients.set_settings("ann", {"push_text": False})

    first = await catalogue.list_people(limit=2)
    rest = await catalogue.list_people(limit=2, after=first[-1].user_id)

    assert [*first, *rest] == [Access(user_id="ann"), Access(user_id="bob"), banned]
    assert list(await catalogue.list_people(limit=2, after="cid")) == []


async def test_those_who_are_banned(catalogue: Catalogue, people: PeopleStore) -> None:
    """Whose ban is over or was lifted is none of them; whose ends first comes first."""
    for_good = [await people.set_ban(user_id, until=FOREVER) for user_id in ("bob", "ann")]
    for_a_day = await people.set_ban("cid", until=LATER)
    await people.set_ban("dan", until=NOW - timedelta(days=1))
    await people.set_ban("eve", until=FOREVER)
    await people.set_ban("eve", until=None)

    first = await catalogue.list_banned(limit=2)
    rest = await catalogue.list_banned(limit=2, after=(FOREVER, first[-1].user_id))

    assert [*first, *rest] == [for_a_day, for_good[1], for_good[0]]


async def test_a_ban_that_ended_while_somebody_paged(
    catalogue: Catalogue, people: PeopleStore
) -> None:
    """It is not listed any more, though it comes after where the page before it ended."""
    now = datetime.now(UTC)
    await people.set_ban("ann", until=now - timedelta(minutes=1))
    await people.set_ban("bob", until=FOREVER)

    found = await catalogue.list_banned(limit=5, after=(now - timedelta(minutes=2), "x"))

    assert [one.user_id for one in found] == ["bob"]


async def fail(decisions: DecisionStore, at: datetime, chunk: int = 0) -> ChunkKey:
    key = ChunkKey(conversation_id=random_id(), message_id=random_id(), chunk=chunk)
    await decisions.claim(key, ["ann", "bob"], now=at, until=LATER, expires_at=LATER)
    made = {
        "ann": Decision(verdict=Verdict.FAILED, reason="unavailable", at=at),
        "bob": Decision(verdict=Verdict.SENT, reason="offline", at=at),
    }
    await decisions.record(key, made, expires_at=LATER)
    return key


def keys(found: Sequence[FailedNotification]) -> list[ChunkKey]:
    return [
        ChunkKey(conversation_id=one.conversation_id, message_id=one.message_id, chunk=one.chunk)
        for one in found
    ]


async def test_notifications_that_failed(catalogue: Catalogue, decisions: DecisionStore) -> None:
    """The latest first, with what became of everybody; those that did not fail are none."""
    fine = ChunkKey(conversation_id=random_id(), message_id=random_id(), chunk=0)
    sent = Decision(verdict=Verdict.SENT, reason="offline", at=NOW)
    await decisions.record(fine, {"ann": sent}, expires_at=LATER)
    failed = [await fail(decisions, NOW + timedelta(seconds=step), step) for step in range(3)]

    first = await catalogue.list_failed(limit=2)
    rest = await catalogue.list_failed(limit=2, after=(first[-1].failed_at, first[-1].id))

    assert keys([*first, *rest]) == failed[::-1]
    assert first[0].failed_at == NOW + timedelta(seconds=2)
    assert first[0].people["ann"].verdict is Verdict.FAILED
    assert first[0].people["bob"].verdict is Verdict.SENT


async def test_failed_at_the_same_moment(catalogue: Catalogue, decisions: DecisionStore) -> None:
    """They are on one page or the next, each once."""
    failed = [await fail(decisions, NOW) for _ in range(3)]

    found: list[FailedNotification] = []
    while page := await catalogue.list_failed(
        limit=1, after=(NOW, found[-1].id) if found else None
    ):
        found += page

    assert len(found) == 3
    assert set(keys(found)) == set(failed)


async def test_messages_are_forgotten(store: Store, catalogue: Catalogue) -> None:
    """Some at a time, then the read positions; those of other conversations stay."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    conversation = await store.commit(sending(conversation, "one", "two", "three"))
    other = await store.create_conversation(new_conversation("ann"))
    other = await store.commit(sending(other, "four"))

    deleted = [await catalogue.delete_messages(conversation.id, limit=2) for _ in range(4)]

    assert deleted == [2, 1, 2, 0]
    assert list(await store.list_latest_messages(conversation.id, limit=10)) == []
    assert list(await store.list_read_positions(conversation.id)) == []
    assert len(await store.list_latest_messages(other.id, limit=10)) == 1


async def test_frozen_conversations_are_listed(store: Store, catalogue: Catalogue) -> None:
    """By id, page by page; one that goes on is not among them any more."""
    created = [await store.create_conversation(new_conversation("ann")) for _ in range(5)]
    for before in created[:4]:
        await store.commit(Commit(before=before, after=replace(before, frozen=True, version=1)))
    thawed = await store.get_conversation(created[3].id)
    assert thawed is not None
    await store.commit(Commit(before=thawed, after=replace(thawed, frozen=False, version=2)))

    first = await catalogue.list_frozen(limit=2)
    rest = await catalogue.list_frozen(limit=2, after=first[-1].id)

    assert [one.id for one in (*first, *rest)] == sorted(one.id for one in created[:3])


async def test_a_frozen_conversation_stays_so(store: Store) -> None:
    """Through commits, and whoever reads it."""

    before = await store.create_conversation(new_conversation("ann"))
    assert not before.frozen
    after = replace(before, frozen=True, version=1)
    frozen = await store.commit(Commit(before=before, after=after))

    await store.commit(sending(frozen, "hello"))

    found = await store.get_conversation(before.id)
    assert found is not None
    assert found.frozen
