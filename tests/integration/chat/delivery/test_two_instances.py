"""Two instances on one Redis and one store: what one learns of a person holds on the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.delivery.hub.connections import Ending
from messaging.delivery.pace import Pace
from messaging.domain.identifiers import direct_conversation_id
from messaging.domain.participant import Notify
from messaging.domain.people import AddedBy
from messaging.runtime.instance import Instance
from messaging.stores.sql.people import SqlPeopleStore
from messaging.stores.sql.recipients import SqlRecipientStore
from messaging.stores.sql.store import SqlStore
from tests.instances import new_instance, use_redis
from tests.integration.chat import Api, ok, problem
from tests.integration.chat.signed_in import KEY, firebase
from tests.links import PATIENCE, Side
from tests.unit.chat.firebase import Google

__all__ = ["firebase"]


@pytest.fixture
def prefix() -> str:
    return uuid4().hex


@pytest_asyncio.fixture
async def instance(
    redis_server: str, prefix: str, transactional_db: None, settings: Settings
) -> AsyncIterator[Instance]:
    """The instance of this process, behind whose doors the acts are carried out."""
    use_redis(settings, redis_server, prefix=prefix)
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def other(instance: Instance, redis_server: str, prefix: str) -> AsyncIterator[Side]:
    """The other one, which hears the first."""
    store = SqlStore(timeout=10)
    side = Side(redis_server, store, prefix)
    side.start()
    await instance.start()
    async with asyncio.timeout(PATIENCE):
        assert await side.met.get() == instance.boot_id
    yield side
    await side.stop()
    await store.close()


async def holds(condition: Callable[[], object]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_revoked_persons_sockets_on_the_other_instance_end(
    instance: Instance, other: Side, firebase: Google, ann: Api
) -> None:
    """Once Firebase said so to one request here; those of a later sign-in and of others stay."""
    now = datetime.now(UTC)
    revoked = await other.connect("ann", signed_in_at=now - timedelta(seconds=60))
    later = await other.connect("ann", signed_in_at=now + timedelta(seconds=60))
    bob = await other.connect("bob", signed_in_at=now - timedelta(seconds=60))
    token = KEY.sign(auth_time=int(now.timestamp()) - 60)
    firebase.users["ann"] = {"validSince": str(int(now.timestamp()) - 1)}

    refused = await ann.request(
        "PUT",
        "/devices/phone",
        headers={"Authorization": f"Bearer {token}"},
        json={"token": "t", "token_kind": "token", "platform": "web"},
    )

    assert problem(refused) == (401, "token_revoked")
    await holds(lambda: revoked.outlet.ended)
    assert revoked.outlet.ended == [Ending.ACCESS_REVOKED]
    assert later.outlet.ended == bob.outlet.ended == []
    access = await other.access.get("ann")
    assert not access.admits(now - timedelta(seconds=60))


async def test_what_the_other_instance_revoked_is_refused_here(
    instance: Instance, other: Side, ann: Api
) -> None:
    """Though this one has let the person in before."""
    assert (await ann.get("/me")).status_code == 200
    access = await other.people.revoke("ann", up_to=datetime.now(UTC) + timedelta(seconds=1))
    other.access.learn(access)

    await other.link.announce_access(access)

    assert problem(await ann.get("/me")) == (401, "token_revoked")


async def test_own_settings_that_changed_on_the_other_instance_show_at_once(
    instance: Instance, other: Side, ann: Api, bob: Api
) -> None:
    """They are no version of the conversation, so no event renews the copy of it here."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/preferences"
    assert ok(await ann.get(path))["notify"] == "all"

    await other.store.set_preferences(group, "ann", {"notify": Notify.NONE})

    assert ok(await ann.get(path))["notify"] == "none"


CHANGES: dict[str, tuple[dict[str, Any], str, object]] = {
    "private reading": ({"private_reading": True}, "private_reading", True),
    "to be added by nobody": ({"added_by": "nobody"}, "added_by", AddedBy.NOBODY),
}


@pytest.mark.parametrize(("change", "name", "value"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_changed_preference_voids_the_other_instances_copy(
    instance: Instance, other: Side, ann: Api, change: dict[str, Any], name: str, value: object
) -> None:
    before = (await other.privacy.get(["ann", "bob"]))["ann"]
    assert getattr(before, name) != value

    ok(await ann.patch("/me/preferences", **change))

    await holds(lambda: other.privacy.peek("ann") is None)
    assert getattr((await other.privacy.get(["ann"]))["ann"], name) == value
    assert other.privacy.peek("bob") is not None


@pytest.mark.parametrize("blocked", [True, False])
async def test_a_block_voids_the_other_instances_copies(
    instance: Instance, other: Side, ann: Api, bob: Api, blocked: bool
) -> None:
    """Of the person who blocks, or does no more, and of the direct conversation."""
    direct = await ann.direct(bob)
    if not blocked:
        await ann.request("PUT", "/blocks/bob")
    conversation = await other.store.get_conversation(direct)
    assert conversation is not None
    other.cache.put(conversation)
    assert ("bob" in (await other.privacy.get(["ann"]))["ann"].blocked) is not blocked

    answer = await ann.request("PUT" if blocked else "DELETE", "/blocks/bob")

    assert answer.status_code == 204
    assert direct == direct_conversation_id("ann", "bob")
    await holds(lambda: other.privacy.peek("ann") is None)
    await other.forgets(conversation)
    assert ("bob" in (await other.privacy.get(["ann"]))["ann"].blocked) is blocked


async def test_a_change_on_the_other_instance_voids_the_copy_here(
    instance: Instance, other: Side, ann: Api, bob: Api
) -> None:
    """Bob sees by REST what ann has read, until she hides it elsewhere."""
    group = await ann.group(bob)
    await bob.send(group)
    ok(await ann.post(f"/conversations/{group}/read", seq=1))

    async def shown() -> object:
        receipts = ok(await bob.get(f"/conversations/{group}/receipts"))["items"]
        return next(one["read_seq"] for one in receipts if one["user_id"] == "ann")

    assert await shown() == 1
    await SqlRecipientStore(other.store).set_settings("ann", {"private_reading": True})
    other.publisher.publish_person("ann")

    await holds(lambda: instance.privacy.peek("ann") is None)
    assert await shown() == 0


async def test_a_name_that_changes_on_the_other_instance_shows_here(
    instance: Instance, other: Side, ann: Api, bob: Api
) -> None:
    """With the message that voids what is kept of a person's privacy: an instance of the previous
    release passes it on as well."""
    await ann.group(bob)

    async def shown() -> object:
        return ok(await bob.get("/users", user_ids="ann"))["items"][0]["name"]

    assert await shown() is None
    await SqlPeopleStore(other.store).set_profile("ann", {"name": "Ann"})
    other.publisher.publish_person("ann")

    await holds(lambda: instance.profiles.peek("ann") is None)
    assert await shown() == "Ann"


async def test_the_latest_of_many_receipts_reaches_the_other_instance(
    instance: Instance, other: Side, ann: Api, bob: Api
) -> None:
    """After the first one, and none in between, also when this instance ends."""
    instance.pace = Pace(seconds=3_600)
    group = await ann.group(bob)
    listening = await other.connect("ann")
    for _ in range(5):
        await ann.send(group)
    await listening.until(5)
    for seq in range(1, 6):
        ok(await bob.post(f"/conversations/{group}/read", seq=seq))
    assert await listening.next() == ("receipt.updated", None)

    await instance.pace.stop()

    assert await listening.next() == ("receipt.updated", None)
    assert listening.waiting == 0
