"""Who is told of a change of presence, while somebody begins to watch."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from messaging.delivery.hub.privacy import PrivacyList
from messaging.domain.people import PersonPresence, PresenceStatus, Privacy
from messaging.presence.presence import Presence
from messaging.presence.reachable import Reachable
from messaging.presence.watchers import PresenceWatch
from messaging.stores.people import PeopleStore
from messaging.stores.sql.people import SqlPeopleStore
from messaging.stores.sql.recipients import SqlRecipientStore
from messaging.stores.sql.store import SqlStore
from messaging.wire.events import EventEncoder
from tests.unit.messaging.delivery import Elsewhere, Socket, make_hub

pytestmark = pytest.mark.django_db(transaction=True)


class SlowPeople:
    """The people of a store, which answers when `answer` is set."""

    def __init__(self, people: SqlPeopleStore) -> None:
        self._people = people
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        self.asked.set()
        await self.answer.wait()
        return await self._people.get_privacy(user_ids)


def ann_is(status: PresenceStatus) -> list[PersonPresence]:
    return [PersonPresence(user_id="ann", status=status, last_active_at=None)]


async def test_who_begins_to_watch_meanwhile_gets_nothing_unchecked(sql_store: SqlStore) -> None:
    """Ann blocks Cid, who watches her just while the store says whom of the others she blocks."""
    hub, group = make_hub(sql_store), await Elsewhere(sql_store).found("ann", "bob", "cid")
    people = SqlPeopleStore(sql_store)
    await people.set_block("ann", "cid", blocked=True)
    slow = SlowPeople(people)
    watch = PresenceWatch(
        hub=hub,
        presence=Presence(hub.connections, None, boot_id="boot"),
        reachable=Reachable(SqlRecipientStore(sql_store)),
        privacy=PrivacyList(cast("PeopleStore", slow)),
        events=EventEncoder("here", "boot"),
    )
    ann = await Socket(hub, sql_store, "ann").connect()
    bob = await Socket(hub, sql_store, "bob").connect()
    cid = await Socket(hub, sql_store, "cid").connect()
    assert hub.followed(group.id) is not None
    watch.watch(bob.connection, ["ann"])
    await watch.notify(ann_is(PresenceStatus.OFFLINE))

    notifying = asyncio.create_task(watch.notify(ann_is(PresenceStatus.ONLINE)))
    await asyncio.wait_for(slow.asked.wait(), 10)
    watch.watch(cid.connection, ["ann"])
    slow.answer.set()
    await asyncio.wait_for(notifying, 10)

    assert bob.seen == [("presence.changed", None)]
    assert cid.seen == []
    await watch.stop()
    ann.leave()
