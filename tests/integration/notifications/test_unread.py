"""Random acts of three people with four phones: what is unread, the badge, and what the phones show
are those of a simple model after each act."""

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging.domain.conversation import ConversationKind
from messaging.notifications.removal import clearing
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, participants, receipts
from messaging.services.account import blocks, own_changes, own_conversations
from messaging.wire.representations import personal_conversation_data
from tests.integration.notifications import register
from tests.notifications.fcm_server import Arrived, FcmServer
from tests.notifications.model import Model, Room

PEOPLE = ("ann", "bob", "cid")
PHONES = {"ann": 1, "bob": 2, "cid": 1}
_SETTLE_SECONDS = 15
_LATEST = 4
"""How many messages acts are about."""

a_person = st.sampled_from(PEOPLE)
a_room = st.sampled_from(["group", "group", "direct"])
a_number = st.integers(0, 5)
an_act = st.one_of(
    st.tuples(st.just("send"), a_person, a_room, a_number),
    st.tuples(st.just("send"), a_person, a_room, a_number),
    st.tuples(st.sampled_from(["delete", "edit", "read", "answer"]), a_person, a_room, a_number),
    st.tuples(st.sampled_from(["delete", "read"]), a_person, a_room, a_number),
    st.tuples(st.sampled_from(["block", "unblock"]), a_person, a_room, a_number),
    st.tuples(
        st.sampled_from(["leave", "remove", "return"]),
        st.sampled_from(PEOPLE[1:]),
        st.just("group"),
        a_number,
    ),
)
Act = tuple[str, str, str, int]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is cleared after a hundredth of a second: there are hundreds of acts."""
    monkeypatch.setattr(clearing, "_GATHER_SECONDS", 0.01)


class Phone:
    """What one phone shows after the pushes that it got."""

    def __init__(self) -> None:
        self.shown: dict[str, int] = {}
        """The number of the message that each conversation's notification shows."""
        self.badge = 0

    def take(self, push: Arrived) -> None:
        data, badge = push.data, push.data.get("badge")
        if data["type"] == "message":
            self.shown[data["tag"]] = int(data["seq"])
            badge = push.message["apns"]["payload"]["aps"]["badge"]
        elif self.shown.get(data["tag"], int(data["read_seq"]) + 1) <= int(data["read_seq"]):
            del self.shown[data["tag"]]
        if badge is not None:
            self.badge = int(badge)


class World:
    """A group of ann's, and a direct conversation of hers with bob."""

    _numbers = itertools.count()

    def __init__(self, instance: Instance, fcm: FcmServer) -> None:
        self.instance = instance
        self.fcm = fcm
        self._number = next(self._numbers)
        self.ids: dict[str, str] = {}
        self.sent: dict[str, list[str]] = {"group": [], "direct": []}
        """The ids of the messages."""
        self.phones: dict[str, Phone] = {}
        self.trace: list[str] = []
        group, direct = Room(set(PEOPLE)), Room({"ann", "bob"}, direct=True)
        self.model = Model({"group": group, "direct": direct})

    def user(self, person: str) -> str:
        """Every world has people of its own: they share a store."""
        return f"{person}.{self._number}"

    async def begin(self) -> "World":
        for person, count in PHONES.items():
            for number in range(count):
                await register(self.instance, self.user(person), number)
                self.phones[f"{self.user(person)}-{number}"] = Phone()
        for room, kind in (("group", ConversationKind.GROUP), ("direct", ConversationKind.DIRECT)):
            others = PEOPLE[1:] if room == "group" else PEOPLE[1:2]
            founded = await conversations.create_conversation(
                self.instance,
                user_id=self.user("ann"),
                kind=kind,
                participant_ids=[self.user(person) for person in others],
            )
            self.ids[room] = founded.own.conversation.id
        return self

    async def take(self, act: Act) -> None:
        """Carry an act out, if it is allowed, and wait until nothing more comes of it."""
        self.trace.append(str(act))
        before = asyncio.all_tasks()
        name, person, room_name, number = act
        room = self.model.rooms[room_name]
        if name in {"delete", "edit", "read"}:
            if room.messages:
                seq = room.seq - number % min(room.seq, _LATEST)
                await self._about_message(name, person, room_name, seq)
        else:
            await getattr(self, f"_{name}")(person, room_name, number)
        await self._settle(before)
        for push in self.fcm.arrived:
            if push.target in self.phones:
                self.phones[push.target].take(push)
        self.fcm.arrived.clear()

    async def _settle(self, before: set[asyncio.Task[Any]]) -> None:
        """Wait until what was begun since has ended."""
        async with asyncio.timeout(_SETTLE_SECONDS):
            while rest := asyncio.all_tasks() - before:
                await asyncio.wait(rest)

    async def _about_message(self, name: str, person: str, room_name: str, seq: int) -> None:
        """Messages are edited by their senders, and deleted by them where others may not."""
        room = self.model.rooms[room_name]
        message_id = self.sent[room_name][seq - 1]
        message = room.messages[seq - 1]
        if name == "edit" or (name == "delete" and not self.model.may_delete(person, room, seq)):
            person = message.sender
        about: dict[str, Any] = {
            "user_id": self.user(person),
            "conversation_id": self.ids[room_name],
        }
        match name:
            case "delete" if self.model.may_delete(person, room, seq):
                await messages.delete_message(self.instance, **about, message_id=message_id)
                if not message.deleted:
                    self.model.delete(room, seq)
            case "edit" if self.model.may_send(person, room):
                if not message.deleted:
                    text = f"edited {len(self.trace)}"
                    await messages.edit_message(
                        self.instance,
                        user_id=about["user_id"],
                        conversation_id=about["conversation_id"],
                        message_id=message_id,
                        changes={"text": text},
                    )
            case "read" if person in room.people:
                await receipts.mark_read(self.instance, **about, seq=seq)
                self.model.read(person, room, seq)

    async def _send(
        self, person: str, room_name: str, number: int, *, reply_to: str | None = None
    ) -> None:
        room = self.model.rooms[room_name]
        if self.model.may_send(person, room):
            sent = await messages.send_message(
                self.instance,
                user_id=self.user(person),
                conversation_id=self.ids[room_name],
                text=f"{len(self.trace)}",
                reply_to=reply_to,
            )
            self.sent[room_name].append(sent.message.id)
            self.model.send(person, room)

    async def _answer(self, person: str, room_name: str, number: int) -> None:
        sent = self.sent[room_name]
        if sent:
            await self._send(person, room_name, number, reply_to=sent[number % len(sent)])

    async def _block(self, person: str, room_name: str, number: int) -> None:
        other = self._another(person, number)
        await blocks.block_person(
            self.instance, user_id=self.user(person), person_id=self.user(other)
        )
        self.model.blocks.add((person, other))

    async def _unblock(self, person: str, room_name: str, number: int) -> None:
        other = self._another(person, number)
        await blocks.unblock_person(
            self.instance, user_id=self.user(person), person_id=self.user(other)
        )
        self.model.blocks.discard((person, other))

    def _another(self, person: str, number: int) -> str:
        others = [one for one in PEOPLE if one != person]
        return others[number % len(others)]

    async def _leave(self, person: str, room_name: str, number: int) -> None:
        await self._remove(person, room_name, number, by=person)

    async def _remove(self, person: str, room_name: str, number: int, *, by: str = "ann") -> None:
        room = self.model.rooms[room_name]
        if person in room.people:
            await participants.remove_participant(
                self.instance,
                user_id=self.user(by),
                conversation_id=self.ids[room_name],
                participant_id=self.user(person),
            )
            self.model.leave(person, room)
            if by == person:
                self.model.left.add(person)

    async def _return(self, person: str, room_name: str, number: int) -> None:
        await participants.add_participants(
            self.instance,
            user_id=self.user("ann"),
            conversation_id=self.ids[room_name],
            user_ids=[self.user(person)],
        )
        self.model.add(person, self.model.rooms[room_name])

    # What is seen

    async def check(self) -> None:
        before = asyncio.all_tasks()
        for person in PEOPLE:
            seen = await self._seen(person)
            await self._settle(before)
            expected = self._expected(person)
            assert seen == expected, f"{person} after {self.trace}"

    def _expected(self, person: str) -> dict[str, Any]:
        rooms = self.model.rooms
        inside = {name: room for name, room in rooms.items() if person in room.people}
        unread = {name: room.unread(person) for name, room in inside.items()}
        shown = {name: room.shown[person] for name, room in rooms.items() if person in room.shown}
        return {
            "unread": unread,
            "listed": unread,
            "after a reconnect": unread,
            "unread_total": self.model.unread_total(person),
            "badge": len(shown),
            "phones": [(shown, len(shown))] * PHONES[person],
        }

    async def _seen(self, person: str) -> dict[str, Any]:
        user_id = self.user(person)
        rooms = {id_: name for name, id_ in self.ids.items()}
        unread = {}
        for name, room in self.model.rooms.items():
            if person in room.people:
                own = await receipts.mark_read(
                    self.instance, user_id=user_id, conversation_id=self.ids[name], seq=0
                )
                unread[name] = own.unread_count
        page = await own_conversations.list_conversations(self.instance, user_id=user_id, limit=10)
        since = await self.instance.store.now()
        changed = await own_changes.list_own_changes(
            self.instance, user_id=user_id, since=since.replace(year=1)
        )
        phones = [self.phones[f"{user_id}-{number}"] for number in range(PHONES[person])]
        return {
            "unread": unread,
            "listed": {
                rooms[one.conversation.id]: personal_conversation_data(
                    one.conversation, one.position
                )["unread_count"]
                for one in page.items
            },
            "after a reconnect": {
                rooms[one.conversation_id]: one.unread_count for one in changed.items
            },
            "unread_total": await own_conversations.count_unread(self.instance, user_id=user_id),
            "badge": await self.instance.badges.count(user_id),
            "phones": [
                ({rooms[tag]: seq for tag, seq in phone.shown.items()}, phone.badge)
                for phone in phones
            ],
        }


async def _agrees(instance: Instance, fcm: FcmServer, acts: list[Act]) -> None:
    if not instance.started:
        await instance.start()
    world = await World(instance, fcm).begin()
    for act in acts:
        await world.take(act)
        await world.check()


_in_one_instance = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def send(person: str, room: str = "group") -> Act:
    return ("send", person, room, 0)


def on_latest(name: str, person: str, number: int = 0) -> Act:
    """An act on one of the group's latest messages: 0 is the last, 1 the one before it."""
    return (name, person, "group", number)


_THREE = [send("ann"), send("bob"), send("ann")]


@settings(_in_one_instance, max_examples=5)
@given(acts=st.lists(an_act, min_size=12, max_size=20))
@example(acts=[*_THREE, on_latest("delete", "ann"), on_latest("delete", "bob", 1)])
@example(acts=[*_THREE, on_latest("read", "cid", 1), on_latest("delete", "ann")])
@example(acts=[*_THREE, send("bob", "direct"), on_latest("leave", "bob"), send("cid")])
@example(acts=[*_THREE, on_latest("remove", "cid"), on_latest("return", "cid"), send("bob")])
@example(acts=[*_THREE, ("block", "cid", "group", 0), send("ann"), on_latest("delete", "bob", 2)])
async def test_what_is_unread_and_shown(
    instance: Instance, fcm: FcmServer, acts: list[Act]
) -> None:
    """In short; `make fuzz` tries many."""
    await _agrees(instance, fcm, acts)


@pytest.mark.fuzz
@settings(_in_one_instance, max_examples=100)
@given(acts=st.lists(an_act, min_size=10, max_size=40))
async def test_what_is_unread_and_shown_at_length(
    instance: Instance, fcm: FcmServer, acts: list[Act]
) -> None:
    await _agrees(instance, fcm, acts)
