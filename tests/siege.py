"""Two instances under hostile messages: nothing changes, no task ends, and real events arrive."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from messaging.delivery.link.signing import Mode
from messaging.domain.conversation import Conversation
from messaging.domain.people import FOREVER
from tests.hostile import Hostile, Sent
from tests.links import Side, Socket
from tests.unit.messaging import add, remove, send

_AT_ONCE = 200
"""Hostile messages between two real ones."""
_MAX_BEACONS = 40
"""Of the real messages that the attacker has at hand."""
_PEOPLE = ("ann", "bob", "cid", "dan", "eve")


class Siege:
    """Ann is connected to one instance and bob to the other, eve is banned; whatever is committed
    is seen by both."""

    def __init__(self, here: Side, there: Side, *, mode: Mode) -> None:
        self._sides = (here, there)
        self._mode = mode
        self._version = 0

    async def begin(self) -> None:
        here, there = self._sides
        self._eve = await here.people.set_ban("eve", until=FOREVER)
        for side in self._sides:
            side.access.learn(self._eve)
        self._group = await here.found("ann", "bob", "cid")
        self._quiet = await there.found("ann", "cid")
        self._ann, self._bob = await here.connect("ann"), await there.connect("bob")
        for number in range(4):
            await self._say(number)
        await here.commit(self._group, add("ann", "dan"))
        await self._arrives("participant.added")
        await there.commit(self._group, remove("ann", "dan"))
        await self._arrives("participant.removed")

    async def endure(self, count: int, *, seed: int) -> None:
        """Publish so many hostile messages, and real ones between them."""
        real: list[Sent] = []
        hostile = Hostile(
            random.Random(seed),
            real=real,
            boot_ids=[side.boot_id for side in self._sides],
            conversation_ids=[self._group.id, self._quiet.id],
            user_ids=_PEOPLE,
            mode=self._mode,
        )
        for begin in range(0, count, _AT_ONCE):
            real[:] = self._published()
            for group, data in hostile.messages(min(_AT_ONCE, count - begin)):
                await self._sides[0].layer.publish(group, data)
            await self._say(begin // _AT_ONCE)

    def _published(self) -> Sequence[Sent]:
        sent = [one for side in self._sides for one in side.layer.published]
        beacons = [one for one in sent if b"beacon" in one[1]][-_MAX_BEACONS:]
        return [*(one for one in sent if b"beacon" not in one[1]), *beacons]

    async def _say(self, number: int) -> None:
        """By turns on either instance; both sockets get it, and nothing before it."""
        await self._sides[number % 2].commit(self._group, send(self._group.id, "ann", str(number)))
        await self._arrives("message.created")

    async def _arrives(self, kind: str) -> None:
        self._version += 1
        for socket in (self._ann, self._bob):
            assert await socket.next() == (kind, self._version)

    async def assert_nothing_changed(self) -> None:
        """In the store, in the copies of both, and for those who are connected."""
        here, _ = self._sides
        stored = await here.store.get_conversation(self._group.id)
        assert stored is not None
        assert (stored.version, stored.seq) == (self._version, self._version - 2)
        assert stored.participants.keys() == {"ann", "bob", "cid"}
        quiet = await here.store.get_conversation(self._quiet.id)
        assert quiet is not None
        assert quiet.version == 0
        assert quiet.participants.keys() == {"ann", "cid"}
        messages = await here.store.list_messages(self._group.id, first_seq=1, last_seq=stored.seq)
        assert [message.seq for message in messages] == list(range(1, stored.seq + 1))
        assert (await here.people.get_access("eve")) == self._eve
        for side in self._sides:
            assert side.link.up
            assert (await side.access.get("eve")).banned
            assert not (await side.access.get("ann")).banned
            copy = side.cache.get(self._group.id)
            assert copy is None or _same(copy, stored)
        for socket in (self._ann, self._bob):
            assert socket.outlet.ended == []
            assert socket.waiting == 0

    async def assert_all_goes_on(self) -> None:
        """Every task of either instance does its work: the beacons say what is lost, channels of
        new conversations are joined, who is logged out is sent away, and the polls read the
        store."""
        here, there = self._sides
        for side in self._sides:
            side.layer.loses = lambda item: item["type"] == "changes"
            await self._say(self._sides.index(side))
            side.layer.loses = lambda item: False
        for side in self._sides:
            founded = await side.found("ann", "bob", "dan")
            for socket in (self._ann, self._bob):
                assert await socket.next() == ("conversation.added", None)
            await side.commit(founded, send(founded.id, "ann"))
            for socket in (self._ann, self._bob):
                assert await socket.next() == ("message.created", 1)
        there.layer.cut = True
        await there.becomes_degraded(True)
        await self._say(0)
        there.layer.cut = False
        await there.becomes_degraded(False)
        await _logs_out(here, "bob", self._bob)
        await _logs_out(there, "ann", self._ann)


def lines_of(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    """What was said of hostile messages, and every warning."""
    lines = []
    for record in caplog.records:
        said: Any = record.msg
        event = str(said.get("event")) if isinstance(said, dict) else str(said)
        if record.name.startswith("messaging") and (
            event.startswith("link.") or record.levelname in {"WARNING", "ERROR"}
        ):
            lines.append(event)
    return lines


def _same(copy: Conversation, stored: Conversation) -> bool:
    """Whether a copy is what the store has, or had."""
    return copy == stored if copy.version == stored.version else copy.version < stored.version


async def _logs_out(side: Side, user_id: str, socket: Socket) -> None:
    access = await side.people.log_out(user_id)
    side.access.learn(access)
    await side.link.announce_access(access)
    async with asyncio.timeout(30):
        while not socket.outlet.ended:
            await asyncio.sleep(0.02)
