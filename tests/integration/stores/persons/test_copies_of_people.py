"""What an instance keeps of people, while they change it."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from messaging.delivery.hub.copies import person_key
from messaging.delivery.hub.privacy import PrivacyList
from messaging.domain.people import Privacy
from messaging.domain.recipients import Recipient
from messaging.presence.reachable import Reachable
from messaging.stores.sql.people import SqlPeopleStore
from messaging.stores.sql.recipients import SqlRecipientStore
from messaging.stores.sql.store import SqlStore


class SlowPeople(SqlPeopleStore):
    """Its answers are under way for as long as the gate is closed."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.gate = asyncio.Event()
        self.gate.set()
        self.reads: list[list[str]] = []
        self.read = asyncio.Event()

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        self.reads.append(list(user_ids))
        found = await super().get_privacy(user_ids)
        self.read.set()
        await self.gate.wait()
        return found


class SlowRecipients(SqlRecipientStore):
    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.gate = asyncio.Event()
        self.read = asyncio.Event()

    async def get_recipients(self, user_ids: Sequence[str]) -> Mapping[str, Recipient]:
        found = await super().get_recipients(user_ids)
        if "bob" in user_ids:
            self.read.set()
            await self.gate.wait()
        return found


@pytest.fixture
def people(sql_store: SqlStore) -> SlowPeople:
    return SlowPeople(sql_store)


async def test_a_change_voids_only_the_copy_of_its_person(people: SlowPeople) -> None:
    """Of a read of many that is under way the others are kept: somebody who changes their
    settings again and again makes nobody read anybody else anew."""
    known = PrivacyList(people)
    people.gate.clear()
    under_way = asyncio.create_task(known.get(["ann", "bob", "cid"]))
    await people.read.wait()
    await people.set_block("bob", "ann", blocked=True)
    known.forget(person_key("bob"))
    known.forget(person_key("eve"))
    people.gate.set()
    assert (await under_way)["bob"].blocked == frozenset()

    found = await known.get(["ann", "bob", "cid"])

    assert people.reads == [["ann", "bob", "cid"], ["bob"]]
    assert found["bob"].blocked == {"ann"}


async def test_a_gap_in_what_is_heard_voids_all_that_is_under_way(people: SlowPeople) -> None:
    """What is read afterwards is kept."""
    known = PrivacyList(people)
    people.gate.clear()
    under_way = asyncio.create_task(known.get(["ann", "bob"]))
    await people.read.wait()
    known.clear()
    people.gate.set()
    await under_way

    for _ in range(2):
        await known.get(["ann", "bob"])

    assert people.reads == [["ann", "bob"], ["ann", "bob"]]


async def test_two_reads_of_the_same_person(people: SlowPeople) -> None:
    """A change voids both."""
    known = PrivacyList(people)
    people.gate.clear()
    first = asyncio.create_task(known.get(["ann"]))
    second = asyncio.create_task(known.get(["ann", "bob"]))
    while len(people.reads) < 2:
        await asyncio.sleep(0)
    known.forget(person_key("ann"))
    people.gate.set()
    await asyncio.gather(first, second)

    assert known.peek("ann") is None
    assert known.peek("bob") is not None


async def test_a_device_that_is_removed_meanwhile(sql_store: SqlStore) -> None:
    """What was known at the time of asking is the answer."""
    recipients = SlowRecipients(sql_store)
    reachable = Reachable(recipients)
    reachable.registered("ann")
    under_way = asyncio.create_task(reachable.among(["ann", "bob"]))
    await recipients.read.wait()
    reachable.forget("ann")
    recipients.gate.set()

    assert await under_way == {"ann"}
