"""A deletion that is interrupted half-way is completed by a sweep."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.deletions.deletions import Deletions
from messaging.domain.exceptions import ConversationNotFound, PermissionDenied, StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.models import DeletionRecord
from messaging.runtime.instance import Instance
from messaging.services.operators.conversations import delete_conversation
from messaging.stores.catalogue import Catalogue
from tests.integration.chat import Api

MESSAGES = 5


class Interrupted:
    """A catalogue that deletes two messages, and no more."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.hangs = asyncio.Event()
        self.fails = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)

    async def delete_messages(self, conversation_id: str, **_: Any) -> int:
        await self._catalogue.delete_messages(conversation_id, limit=2)
        if self.fails:
            raise StoreUnavailable
        self.hangs.set()
        await asyncio.Event().wait()
        raise AssertionError


async def talk(ann: Api) -> str:
    group = await ann.group()
    for number in range(MESSAGES):
        await ann.send(group, f"message {number}")
    return group


async def stored(instance: Instance, group: str) -> int:
    return len(await instance.store.list_latest_messages(group, limit=100))


async def make_due() -> None:
    """Let the time pass after which a mark is due."""
    await DeletionRecord.objects.all().aupdate(due_at=datetime.now(UTC) - timedelta(seconds=1))


async def interrupted(instance: Instance) -> Interrupted:
    """Let the next deletions end half-way. The sweep of another instance is not concerned."""
    catalogue = Interrupted(instance.catalogue)
    stores = replace(instance.stores, catalogue=catalogue)
    instance.deletions = Deletions(stores, instance.attachments)
    return catalogue


@pytest.mark.parametrize("how", ["cancelled", "store unavailable"])
async def test_an_interrupted_deletion(instance: Instance, ann: Api, how: str) -> None:
    """Its caller has gone, or the store does not answer any more."""
    group, sweeping = await talk(ann), instance.deletions
    catalogue = await interrupted(instance)
    catalogue.fails = how == "store unavailable"
    deleting = asyncio.create_task(delete_conversation(instance, conversation_id=group))
    if catalogue.fails:
        with pytest.raises(StoreUnavailable):
            await deleting
    else:
        await catalogue.hangs.wait()
        deleting.cancel()
        await asyncio.wait([deleting])
    assert await stored(instance, group) == MESSAGES - 2

    assert await sweeping.sweep() == 0  # it may still go on elsewhere
    await make_due()
    assert await sweeping.sweep() == 1

    assert await stored(instance, group) == 0
    assert not await DeletionRecord.objects.aexists()


async def test_a_deletion_leaves_no_mark(instance: Instance, ann: Api) -> None:
    group = await talk(ann)

    await delete_conversation(instance, conversation_id=group)

    assert await stored(instance, group) == 0
    assert not await DeletionRecord.objects.aexists()


async def test_a_refused_deletion_leaves_no_mark(instance: Instance, ann: Api) -> None:
    direct = (await ann.post("/conversations", kind="direct", participant_ids=["bob"])).json()["id"]
    with pytest.raises(PermissionDenied):
        await delete_conversation(instance, conversation_id=direct)
    with pytest.raises(ConversationNotFound):
        await delete_conversation(instance, conversation_id=random_id())

    assert not await DeletionRecord.objects.aexists()


@pytest.mark.parametrize("left", [False, True])
async def test_a_deletion_that_ended_before_its_commit(
    instance: Instance, ann: Api, left: bool
) -> None:
    """It did not happen, also if everybody leaves the group on their own."""
    group = await talk(ann)
    await instance.deletions.begin(group)
    if left:
        await ann.delete(f"/conversations/{group}/participants/me")
    await make_due()

    assert await instance.deletions.sweep() == 0

    assert await stored(instance, group) == MESSAGES
    assert not await DeletionRecord.objects.aexists()


async def test_a_group_that_everybody_has_left(instance: Instance, ann: Api) -> None:
    """It is deleted as any other one, also if that is interrupted."""
    group, sweeping = await talk(ann), instance.deletions
    await ann.delete(f"/conversations/{group}/participants/me")
    catalogue = await interrupted(instance)
    catalogue.fails = True
    with pytest.raises(StoreUnavailable):
        await delete_conversation(instance, conversation_id=group)
    await make_due()

    assert await sweeping.sweep() == 1

    assert await stored(instance, group) == 0
    emptied = await instance.store.get_conversation(group)
    assert emptied is not None
    assert (emptied.seq, emptied.title, emptied.last_message) == (0, None, None)
    instance.deletions = sweeping
    await delete_conversation(instance, conversation_id=group)
    again = await instance.store.get_conversation(group)
    assert again is not None
    assert again.version == emptied.version


class Deleting:
    """A catalogue during whose first deletion another one begins, or that fails in one group."""

    def __init__(self, instance: Instance, *, fails_in: str = "") -> None:
        self._instance = instance
        self._fails_in = fails_in
        self._has_begun = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance.catalogue, name)

    async def delete_messages(self, conversation_id: str, **how: Any) -> int:
        if conversation_id == self._fails_in:
            raise ValueError("not deletable")
        if not self._fails_in and not self._has_begun:
            self._has_begun = True
            await self._instance.deletions.begin(conversation_id)
        return await self._instance.catalogue.delete_messages(conversation_id, **how)


def sweeping_with(instance: Instance, catalogue: Any) -> Deletions:
    return Deletions(replace(instance.stores, catalogue=catalogue), instance.attachments)


async def left_to_a_sweep(instance: Instance, ann: Api) -> str:
    """A group whose deletion was interrupted after its commit."""
    group, deletions = await talk(ann), instance.deletions
    catalogue = await interrupted(instance)
    catalogue.fails = True
    with pytest.raises(StoreUnavailable):
        await delete_conversation(instance, conversation_id=group)
    instance.deletions = deletions
    return group


async def test_a_sweep_leaves_the_mark_of_a_new_deletion(instance: Instance, ann: Api) -> None:
    """The new one may be interrupted too."""
    group = await left_to_a_sweep(instance, ann)
    await make_due()

    assert await sweeping_with(instance, Deleting(instance)).sweep() == 1

    assert [one.pk async for one in DeletionRecord.objects.all()] == [group]


async def test_a_deletion_that_fails_holds_up_no_others(instance: Instance, ann: Api) -> None:
    groups = [await left_to_a_sweep(instance, ann) for _ in range(3)]
    await make_due()

    swept = await sweeping_with(instance, Deleting(instance, fails_in=groups[0])).sweep()

    assert swept == 2
    assert [await stored(instance, one) for one in groups] == [MESSAGES - 2, 0, 0]
    assert [one.pk async for one in DeletionRecord.objects.all()] == groups[:1]


async def test_nothing_is_left_of_a_deleted_group_but_its_version(
    instance: Instance, ann: Api
) -> None:
    """Neither content nor the name of a person: no erasure would find it. Its `client_id` stays
    used."""
    request = {
        "kind": "group",
        "participant_ids": ["bob"],
        "client_id": "c-1",
        "title": "Tea",
        "metadata": {"a": 1},
        "picture": "https://example.org/a.png",
    }
    group = (await ann.post("/conversations", **request)).json()["id"]
    await ann.send(group, "of Ann", mentions=["bob"])

    await delete_conversation(instance, conversation_id=group)

    stored = await instance.store.get_conversation(group)
    assert stored is not None
    assert stored.version > 0
    left = {name: getattr(stored, name) for name in ("title", "metadata", "picture")}
    assert set(left.values()) == {None}
    assert not any((stored.last_sender_id, stored.content_hash, stored.sent_seq))
    assert not any((stored.mentioned_seq, stored.preferences, stored.participants))
    again = await ann.post("/conversations", **request)
    assert (again.status_code, again.json()["code"]) == (409, "client_id_reused")
