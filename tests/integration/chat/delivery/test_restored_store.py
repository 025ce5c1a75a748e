"""A store that was set back to a backup, as its instance and the clients of it see it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.delivery.hub.connections import Connection, Ending
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.webhooks import WebhookEvent
from messaging.runtime.instance import Instance
from messaging.services import sessions
from messaging.stores.sql.epochs import SqlEpochStore
from messaging.stores.sql.store import SqlStore
from messaging.webhooks.changes import Hint
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok
from tests.integration.chat.sockets import Socket, shared_message
from tests.integration.stores import sending
from tests.outlets import Outlet

Enter = Callable[[str], Awaitable[Socket]]


class Backup:
    """A copy of the test database, made and put back by SQLite's own backup API."""

    def __init__(self) -> None:
        self._name = str(connections.settings[DEFAULT_DB_ALIAS]["NAME"])
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)

    async def make(self) -> None:
        await asyncio.to_thread(self._copy, backwards=False)

    async def restore(self) -> None:
        await asyncio.to_thread(self._copy, backwards=True)

    def close(self) -> None:
        self._kept.close()

    def _copy(self, *, backwards: bool) -> None:
        database = sqlite3.connect(self._name, timeout=5)
        try:
            if backwards:
                self._kept.backup(database)
            else:
                database.backup(self._kept)
        finally:
            database.close()


@pytest.fixture
def backup(instance: Instance) -> Iterator[Backup]:
    backup = Backup()
    yield backup
    backup.close()


@pytest.fixture
async def elsewhere(instance: Instance) -> AsyncIterator[SqlStore]:
    """What another instance has of the store."""
    store = SqlStore()
    yield store
    await store.close()


class Client:
    """A socket of somebody, as the core sees it."""

    def __init__(self, instance: Instance, user_id: str) -> None:
        self.user_id = user_id
        self._instance = instance
        self.frames: list[Json] = []
        self.outlet = Outlet(lambda frame: self.frames.append(read_frame(frame)))
        self.connection: Connection | None = None

    async def connect(self) -> Json:
        """The data of `hello`."""
        await self._instance.start()
        self.connection = await sessions.open_session(
            self._instance,
            user_id=self.user_id,
            signed_in_at=datetime.now(UTC),
            outlet=self.outlet,
        )
        data: Json = self.frames[0]["data"]
        return data

    async def is_ended(self) -> None:
        """Wait until it is."""
        await until(lambda: bool(self.outlet.ended))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():
            await asyncio.sleep(0.02)


async def test_hello_names_the_epoch_and_the_time(instance: Instance) -> None:
    """The epoch is the store's; the time is the store's or a little less."""
    before = datetime.now(UTC)
    hello = await Client(instance, "ann").connect()

    assert hello["epoch"] == (await instance.epochs.get()).id
    assert abs((datetime.fromisoformat(hello["at"]) - before).total_seconds()) < 60


async def test_a_hello_costs_no_read_of_the_epoch(instance: Instance, elsewhere: SqlStore) -> None:
    """It is read once, and again every 30 seconds."""
    first = await Client(instance, "ann").connect()
    await SqlEpochStore(elsewhere).renew_epoch()

    assert (await Client(instance, "bob").connect())["epoch"] == first["epoch"]


async def test_changes_name_the_epoch(instance: Instance, ann: Api) -> None:
    group = await ann.group()

    answer = ok(await ann.get(f"/conversations/{group}/changes", since=0))

    assert answer["epoch"] == (await instance.epochs.get()).id


async def test_a_sync_names_the_epoch(people: Enter) -> None:
    ann = await people("ann")
    hello = await ann.event()
    group = await ann.rest.create_group(title="Tea")

    answer = await ann.do("conversation.sync", conversations={group["id"]: 0})

    assert answer["epoch"] == hello["data"]["epoch"]


async def test_a_read_that_shows_less_than_was_committed(
    instance: Instance, backup: Backup, ann: Api, bob: Api
) -> None:
    """The instance sets a new epoch and ends its sockets; numbers go on from the store."""
    group = await ann.group(bob)
    await ann.send(group, "kept")
    client = Client(instance, "bob")
    before = await client.connect()
    await backup.make()
    for text in ("lost", "lost too"):
        await ann.send(group, text)
    await backup.restore()

    assert (await ann.conversation(group))["version"] == 1
    await client.is_ended()

    assert client.outlet.ended == [Ending.RESTORED]
    again = Client(instance, "bob")
    hello = await again.connect()
    assert hello["epoch"] != before["epoch"]
    assert hello["conversations"] == {group: {"version": 1, "seq": 1}}
    message = await ann.send(group, "after")
    assert (message["seq"], message["version"]) == (2, 2)
    assert again.frames[-1]["data"]["message"] == shared_message(message)
    assert (await instance.epochs.get()).number == 1


async def test_a_send_after_a_restore(
    instance: Instance, backup: Backup, ann: Api, bob: Api
) -> None:
    """It is judged on the store and not on the copy of what was lost, and is itself what shows
    the instance that the store was set back."""
    group = await ann.group(bob)
    client = Client(instance, "bob")
    await client.connect()
    await backup.make()
    await ann.send(group, "lost")
    await backup.restore()

    message = await ann.send(group, "after")

    assert (message["seq"], message["version"]) == (1, 1)
    await client.is_ended()
    stored = ok(await ann.get(f"/conversations/{group}/messages"))["items"]
    assert [one["text"] for one in stored] == ["after"]


async def test_versions_that_have_caught_up(
    instance: Instance, elsewhere: SqlStore, backup: Backup, ann: Api
) -> None:
    """Another instance has written as often as was lost: the id of the commit tells."""
    group = await ann.group()
    client = Client(instance, "ann")
    await client.connect()
    await backup.make()
    await ann.send(group, "lost")
    await backup.restore()
    found = await elsewhere.get_conversation(group)
    assert found is not None
    await elsewhere.commit(sending(found, "instead"))

    assert await ann.version(group) == 1
    await client.is_ended()

    assert (await ann.send(group, "after"))["seq"] == 2


async def test_a_restore_while_nobody_writes(instance: Instance, backup: Backup, ann: Api) -> None:
    """Each look reads what changed last."""
    group = await ann.group()
    client = Client(instance, "ann")
    await client.connect()
    await backup.make()
    await ann.send(group, "lost")
    await backup.restore()

    instance.epochs.look_soon()

    await client.is_ended()


async def test_a_conversation_that_is_gone(instance: Instance, backup: Backup, ann: Api) -> None:
    """It was founded after the backup."""
    client = Client(instance, "ann")
    await client.connect()
    await backup.make()
    group = await ann.group()
    await backup.restore()

    assert (await ann.get(f"/conversations/{group}")).status_code == 404
    await client.is_ended()

    assert (await Client(instance, "ann").connect())["conversations"] == {}


async def test_an_epoch_that_an_operator_set(
    instance: Instance, elsewhere: SqlStore, ann: Api
) -> None:
    """It is learned with the next look; nobody sets another one."""
    client = Client(instance, "ann")
    await client.connect()
    renewed = await SqlEpochStore(elsewhere).renew_epoch()

    instance.epochs.look_soon()
    await client.is_ended()

    assert await instance.epochs.get() == renewed
    assert (await SqlEpochStore(elsewhere).read_epoch()).epoch == renewed


async def test_hints_of_webhooks(instance: Instance, elsewhere: SqlStore) -> None:
    """They are about versions that count anew."""
    await Client(instance, "ann").connect()
    instance.webhook_hints.add("c", {1: Hint(WebhookEvent.CONVERSATION_UPDATED, "", {})})
    renewed = await SqlEpochStore(elsewhere).renew_epoch()

    instance.epochs.look_soon()
    await until(lambda: instance.epochs.current == renewed)

    assert not instance.webhook_hints.of("c")


async def test_a_backup_from_before_the_last_epoch(
    instance: Instance, elsewhere: SqlStore, backup: Backup, ann: Api
) -> None:
    """Its epoch was in force before: clients may know it with what was lost."""
    client = Client(instance, "ann")
    await instance.start()
    first = await instance.epochs.get()
    await backup.make()
    second = await SqlEpochStore(elsewhere).renew_epoch()
    instance.epochs.look_soon()
    await until(lambda: instance.epochs.current == second)
    await client.connect()
    await backup.restore()

    instance.epochs.look_soon()
    await client.is_ended()

    third = await instance.epochs.get()
    assert third not in {first, second}
    assert third.number == 2
    assert (await SqlEpochStore(elsewhere).read_epoch()).epoch == third


async def test_what_was_read_before_is_not_answered_after(instance: Instance) -> None:
    """A read that was under way when the epoch changed is refused: asking again helps."""
    mark = instance.store.witness.begin()
    instance.store.witness.forget()

    with pytest.raises(StoreUnavailable):
        instance.store.witness.absent(mark, "a")
