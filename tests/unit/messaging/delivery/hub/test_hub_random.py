"""Random logs, delivered badly: what every client may rely on, whatever happens.

Batches of other instances come late, out of order, twice or never, while people come and go and
connect on the strength of outdated queries. Answers of the store come late: the conversation and
its messages are read at two moments, and both may be outdated when they arrive. Conversations are
let go and followed again. The clients do what the contract tells them to, and notice when the hub
does not.

Nothing depends on time: a read is answered when the schedule says so.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging.changes.change import ConversationChange
from messaging.delivery.batch import Batch
from messaging.delivery.hub import followed as following_module
from messaging.delivery.hub import gap_filler as filling_module
from messaging.delivery.hub.streams import roster as roster_module
from messaging.delivery.shared_frames import SharedFrames
from messaging.domain.conversation import Conversation, History, Membership
from messaging.stores.conversations import Store
from messaging.wire.representations import conversation_data, message_data
from tests.frames import read_frame
from tests.unit.messaging import add, delete, edit, react, remove, rename, send
from tests.unit.messaging.delivery import Elsewhere, Frame, Socket, make_hub
from tests.unit.messaging.delivery.memory_store import GatedStore, MemoryStore

T = TypeVar("T")

OWNER, *PEOPLE = ("ann", "bob", "cid")
_IDLE_STEPS = 6
"""Of the event loop: what a released answer sets going ends within so many, or reads again."""
_OF_CLIENTS = ("look", "connect", "reconnect", "leave", "load", "sync", "watch")

an_act = st.one_of(
    st.tuples(st.just("send"), st.sampled_from([OWNER, *PEOPLE])),
    st.tuples(st.sampled_from(["remove", "add"]), st.sampled_from(PEOPLE)),
    st.tuples(st.sampled_from(["edit", "delete", "rename", "react"]), st.integers(0, 9)),
)
a_step = st.one_of(
    st.tuples(st.just("commit"), st.lists(an_act, min_size=1, max_size=2)),
    st.tuples(st.just("commit"), st.tuples(an_act)),
    st.tuples(st.sampled_from(["arrive", "arrive", "arrive", "repeat", "lose"]), st.integers(0, 9)),
    st.tuples(st.just("answer"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["hear", "hear", "flush", "pause", "tidy", "poll"]), st.none()),
    st.tuples(st.sampled_from((*_OF_CLIENTS, "connect", "polled")), st.integers(0, 3)),
)

"""Each kind of step is as likely as any other: a gap is read while its events arrive."""


class Client:
    """A client as the contract describes it, in one conversation; it keeps its state for the
    checks at the end, and raises where a frame breaks a promise."""

    def __init__(self, world: "World", user_id: str) -> None:
        self.world = world
        self.user_id = user_id
        self.socket = Socket(world.hub, world.elsewhere.store, user_id)
        self.query: Sequence[Membership] = ()
        self.state: Conversation | None = None
        """The conversation as a sync of this client has read it."""
        self.connected = False
        self.inside = False
        self.latest = 0
        """The highest version of a durable event on this socket."""
        self.cursor: int | None = None
        """None until the conversation is loaded."""
        self.ahead: list[Frame] = []
        self.messages: dict[str, Frame] = {}
        self.conversation: Frame = {}
        self.uncounted: set[int] = set()

    async def look(self) -> None:
        self.query = await self.socket.look()
        self.state = await self.world.stored()

    async def connect(self) -> None:
        await self._begin()
        await self.socket.arrive(self.query)
        self._greet(self.socket.named)

    async def reconnect(self) -> None:
        """Without a query, where the hub knows the list still."""
        await self._begin()
        named = self.world.hub.sessions.reconnect(self.socket.connection)
        if named is None:
            await self.socket.arrive(self.query)
            named = self.socket.named
        self._greet(named)

    async def _begin(self) -> None:
        await self.leave()
        self.socket = Socket(self.world.hub, self.world.elsewhere.store, self.user_id)
        connection = self.socket.connection
        connection.transmit = self._receive
        connection.transmit_shared = self._receive_shared

    def _greet(self, conversations: dict[str, dict[str, int]]) -> None:
        named = conversations.get(self.world.id)
        if named:
            assert named["version"] >= self.world.delivered, "what was delivered comes again"
        self.connected = True
        self.inside = named is not None
        self.latest = named["version"] if named else 0
        # What `hello` shows ahead is loaded; otherwise the client goes on where it was.
        if self.cursor is None or self.latest > self.cursor or not self.inside:
            self._forget()

    async def leave(self) -> None:
        if self.connected:
            self.socket.leave()
            self.connected = False
            self.ahead = []

    async def load(self) -> None:
        """Over REST: the present state, from which events go on."""
        state = await self.world.stored()
        if not self._wants_load or self.user_id not in state.participants:
            return
        found = await self.world.elsewhere.store.list_changed_messages(
            state.id, since=0, until=state.version, limit=1_000
        )
        if self._wants_load:
            visible = state.participants[self.user_id].visible_from
            self.messages = {one.id: message_data(one) for one in found if one.seq >= visible}
            self.conversation = conversation_data(state, visible_from=visible)
            self.uncounted = uncounted(self.conversation)
            self.cursor = state.version
            frames, self.ahead = self.ahead, []
            for frame in frames:
                self._apply(frame)

    @property
    def _wants_load(self) -> bool:
        return self.connected and self.inside and self.cursor is None

    async def sync(self) -> None:
        """Ask for what it is in already, with an answer that was read lately, or is read now. It
        is checked against the hub once more."""
        state, self.state = self.state or await self.world.stored(), None
        hub = self.world.hub
        if hub.sessions.is_stale(self.user_id, state):
            state = await self.world.stored()  # as the command does
        if self.connected and self.inside and self.user_id in state.participants:
            assert not hub.sessions.is_stale(self.user_id, state)
            admitted = hub.sessions.admit(self.socket.connection, state)
            known = hub.followed(self.world.id)
            assert admitted or known is None or known.is_in(self.user_id) is False

    async def watch(self) -> None:
        """The presence of everybody else: the hub keeps them as companions."""
        if self.connected:
            store, others = self.world.elsewhere.store, self.world.others(self.user_id)
            found = await store.list_companions(self.user_id, others)
            self.world.hub.sessions.keep_companions(self.socket.connection, found)

    def _forget(self) -> None:
        self.cursor, self.ahead, self.messages, self.conversation = None, [], {}, {}

    def _receive_shared(self, frames: SharedFrames) -> None:
        for text in frames.texts:
            self._receive(text)

    def _receive(self, text: str) -> None:
        """Nothing is raised here, in the middle of a fan-out: the world remembers it."""
        self.world.trace.append(f"{self.socket.connection.id} of {self.user_id}: {text}")
        try:
            self._take(read_frame(text))
        except AssertionError as broken:
            self.world.broken.append(broken)

    def _take(self, frame: Frame) -> None:
        assert self.connected
        kind, data = frame["type"], frame["data"]
        if kind == "conversation.added":
            self._claim_rights(kind, data["conversation"]["version"], data)
            self.inside = True
            self._forget()
            return
        assert self.inside, f"{self.user_id} is out and gets {kind}"
        if kind == "conversation.removed":
            self.inside = False
            return
        version = frame["version"]
        assert version > self.latest, f"{kind} {version} after {self.latest}"
        self.latest = version
        self._claim_rights(kind, version, data)
        if self.cursor is None:
            self.ahead.append(frame)
        else:
            self._apply(frame)
        if kind == "participant.removed" and self._names_me(data):
            self.inside = False

    def _claim_rights(self, kind: str, version: int, data: Frame) -> None:
        """Nothing of a version at which this person was out, but their own removal."""
        if kind in ("conversation.changes", "conversation.added"):
            versions = [message["version"] for message in data.get("messages", ())]
        elif kind == "participant.removed" and self._names_me(data):
            versions = []
        else:
            versions = [version]
        self.world.claims |= {(self.user_id, one) for one in versions}
        shown = [data["message"]] if "message" in data else [*data.get("messages", ())]
        if "conversation" in data and data["conversation"]["last_message"] is not None:
            shown.append(data["conversation"]["last_message"])
        self.world.seen |= {(self.user_id, version, message["seq"]) for message in shown}

    def _names_me(self, data: Frame) -> bool:
        return self.user_id in {person["user_id"] for person in data["participants"]}

    def _apply(self, frame: Frame) -> None:
        assert self.cursor is not None
        version, data = frame["version"], frame["data"]
        since = data.get("since", version - 1)
        if version <= self.cursor:
            return
        assert since <= self.cursor, f"a hole between {self.cursor} and {since}"
        self.cursor = version
        self._follow_latest(data)
        for message in [data["message"]] if "message" in data else data.get("messages", ()):
            known = self.messages.get(message["id"])
            if known is None or known["version"] < message["version"]:
                self.messages[message["id"]] = message
            if message["deleted_at"] is not None:
                self.uncounted.add(message["seq"])
        if "conversation" in data:
            self.conversation = data["conversation"]
            self.uncounted = uncounted(self.conversation)
        people = {person["user_id"]: person for person in data.get("participants", ())}
        present = {person["user_id"]: person for person in self.conversation["participants"]}
        if frame["type"] == "participant.added":
            present |= people
        elif frame["type"] == "participant.removed":
            present = {user_id: p for user_id, p in present.items() if user_id not in people}
        self.conversation = {**self.conversation, "participants": list(present.values())}

    def _follow_latest(self, data: Frame) -> None:
        """The latest message, in the preview of a list."""
        message, last = data.get("message"), self.conversation["last_message"]
        if message is not None and (last is None or message["seq"] >= last["seq"]):
            self.conversation = {**self.conversation, "last_message": message}

    async def check_end(self) -> None:
        """Told rightly, and with the store's state."""
        await self.load()
        state = await self.world.stored()
        assert self.inside is (self.user_id in state.participants), self.user_id
        assert self.inside is (self.world.id in self.socket.connection.conversations)
        if not self.inside:
            return
        assert self.cursor == state.version
        stored = await self.world.elsewhere.store.list_messages(
            state.id, first_seq=1, last_seq=1_000
        )
        visible = state.participants[self.user_id].visible_from
        assert self.messages == {one.id: message_data(one) for one in stored if one.seq >= visible}
        expected = conversation_data(state, visible_from=visible)
        assert self.conversation["title"] == expected["title"]
        assert self.conversation["last_message"] == expected["last_message"]
        assert _by_id(self.conversation) == _by_id(expected)
        assert self.uncounted == uncounted(expected)


def uncounted(conversation: Frame) -> set[int]:
    """The numbers of the messages that are unread for nobody."""
    ranges = conversation["uncounted"]
    return {seq for first, last in ranges for seq in range(first, last + 1)}


def _by_id(conversation: Frame) -> dict[str, Any]:
    return {person["user_id"]: person for person in conversation["participants"]}


class World:
    """One conversation, one hub, and the instance elsewhere that changes everything."""

    def __init__(self) -> None:
        store = MemoryStore()
        self.gate = GatedStore(store)
        self.hub = make_hub(cast("Store", self.gate))
        self.delivered = 0
        """The highest version that was delivered here, whether it is followed now or not."""
        self.polled: list[Conversation] = []
        """States that polls have read, which may arrive late."""
        self.elsewhere = Elsewhere(cast("Store", store))
        self.network: list[Batch] = []
        self.sent: list[Batch] = []
        self.trace: list[str] = []
        self.broken: list[AssertionError] = []
        """What the clients noticed."""
        self.seen: set[tuple[str, int, int]] = set()
        """Who was shown which message, by its number, at which version."""
        self.claims: set[tuple[str, int]] = set()
        """Who was shown something of which version; the hub may know of it before the log."""

    async def begin(self, history: History) -> "World":
        conversation = await self.elsewhere.found(OWNER, *PEOPLE, history=history)
        self.id = conversation.id
        # Two sockets of the first one's, one of everybody else's.
        people = (OWNER, *PEOPLE, PEOPLE[0])
        self.clients = [Client(self, person) for person in people]
        # The lists of the others are from before the conversation was founded.
        for client in self.clients[:2]:
            await client.look()
            await client.connect()
        return self

    def others(self, user_id: str) -> list[str]:
        return [client.user_id for client in self.clients if client.user_id != user_id]

    async def stored(self) -> Conversation:
        conversation = await self.elsewhere.store.get_conversation(self.id)
        assert conversation is not None
        return conversation

    async def take(self, step: tuple[str, Any]) -> None:
        self.trace.append(f"--- {step}")
        name, argument = step
        if name in _OF_CLIENTS:
            client = self.clients[argument % len(self.clients)]
            await getattr(client, name)()
        elif name in ("arrive", "repeat", "lose"):
            self._carry(name, argument)
        else:
            await self._take_of_hub(name, argument)
        await self._pause()
        followed = self.hub.followed(self.id)
        if followed is not None:
            self.delivered = max(self.delivered, followed.version)

    async def _take_of_hub(self, name: str, argument: Any) -> None:
        match name:
            case "commit":
                await self._commit(argument)
            case "hear":
                await self._hear()
            case "flush":
                while self.network:
                    self._carry("arrive", 0)
            case "pause":
                await self._settle()
            case "answer":
                self.gate.release(argument // 2, hold=argument % 2 == 1)
            case "poll":
                self.polled.append(await self.stored())
            case "polled" if self.polled:
                self.hub.on_polled_state(self.polled[argument % len(self.polled)])
            case "tidy":
                self.hub.tidy()

    async def _pause(self) -> None:
        """Wait until nothing goes on but reads whose answers are held back."""
        for _ in range(_IDLE_STEPS):
            await asyncio.sleep(0)

    async def _settle(self) -> None:
        """Wait until the hub has nothing under way: the store answers at once."""
        self.gate.set_open(True)
        await self.hub.drain()
        self.gate.set_open(False)

    async def _commit(self, acts: list[tuple[str, Any]]) -> None:
        conversation = await self.stored()
        made = [await self._act(*act) for act in acts]
        await self.elsewhere.try_commit(conversation, *(act for act in made if act is not None))
        self.network += self.elsewhere.batches
        self.sent += self.elsewhere.batches
        self.elsewhere.batches = []

    async def _act(self, name: str, argument: Any) -> ConversationChange | None:
        owner = OWNER
        match name:
            case "send":
                return send(self.id, argument, f"{len(self.sent)}")
            case "add":
                return add(owner, argument)
            case "remove":
                return remove(owner, argument)
            case "rename":
                return rename(owner, f"Title {argument}")
        messages = await self.elsewhere.store.list_messages(self.id, first_seq=1, last_seq=1_000)
        if not messages:
            return None
        message = messages[argument % len(messages)]
        if name == "react":
            present = argument % 2 == 0
            return react(message.sender_id, message.id, "👍", present=present)
        if name == "edit":
            return edit(message.sender_id, message.id, f"edited {len(self.sent)}")
        return delete(message.sender_id, message.id)

    def _carry(self, how: str, number: int) -> None:
        """A batch arrives here in any order, again, or never."""
        pool = self.sent if how == "repeat" else self.network
        if not pool:
            return
        batch = pool[number % len(pool)]
        if how != "repeat":
            pool.remove(batch)
        if how != "lose":
            self.hub.accept(batch)

    async def _hear(self) -> None:
        """A beacon of the other instance: what it committed, and whom it added."""
        state = await self.stored()
        added = sorted(frozenset.union(*self.elsewhere.log[self.id]))
        self.hub.note_commit(self.id, state.version, added)

    async def finish(self) -> None:
        """In the end the beacon comes through, and every client is compared with the store."""
        await self._hear()
        await self._settle()
        for client in self.clients:
            if client.connected:
                await client.check_end()
        await self.hub.stop()
        if self.broken:
            raise self.broken[0]
        for user_id, version in self.claims:
            assert user_id in self.elsewhere.log[self.id][version], (user_id, version)
        for user_id, version, seq in self.seen:
            assert self.elsewhere.visible[self.id][version][user_id] <= seq, (user_id, version, seq)


ADDED_AGAIN_WITHIN_A_GAP: list[tuple[str, Any]] = [
    ("commit", [("send", "ann")]),
    ("commit", [("send", "ann")]),
    ("flush", None),
    ("commit", [("remove", "bob")]),
    ("arrive", 0),
    ("commit", [("send", "ann"), ("add", "bob")]),
    ("connect", 1),
    ("load", 1),
    ("commit", [("send", "ann")]),
]
"""A socket whose `hello` came after the addition gets nothing from before it, and everything from
after its `hello`."""


FOUNDED_UNHEARD: list[tuple[str, Any]] = [("connect", 2), ("hear", None)]
"""The conversation is followed for others already, and nothing is missing of it."""

OVERTAKEN_WHILE_READ: list[tuple[str, Any]] = [
    ("commit", [("send", "ann")]),
    ("commit", [("send", "ann")]),
    ("hear", None),
    ("answer", 0),
    ("arrive", 0),
    ("answer", 0),
]
"""The first of two missing messages arrives while both are read: it does not come again."""

OUTDATED_WHEN_ANSWERED: list[tuple[str, Any]] = [
    ("commit", [("send", "ann")]),
    ("hear", None),
    ("answer", 1),
    ("flush", None),
    ("commit", [("send", "ann")]),
    ("flush", None),
    ("answer", 0),
    ("repeat", 1),
]
"""The state that was read is older than what was delivered meanwhile: it changes nothing."""


CHANGED_BEFORE_ONE_JOINED: list[tuple[str, Any]] = [
    ("connect", 1),
    ("commit", [("send", "ann")]),
    ("commit", [("remove", "bob")]),
    ("commit", [("add", "bob")]),
    ("flush", None),
    ("commit", [("edit", 0)]),
    ("flush", None),
    ("commit", [("delete", 0)]),
    ("hear", None),
]
"""What a person may not see is changed, and read where the event is missing."""


async def _try(
    monkeypatch: pytest.MonkeyPatch,
    remembered: int,
    lingers: bool,
    history: History,
    steps: list[tuple[str, Any]],
) -> None:
    monkeypatch.setattr(filling_module, "_PATIENCE_SECONDS", 0)
    monkeypatch.setattr(roster_module, "_REMEMBERED_CHANGES", remembered)
    monkeypatch.setattr(following_module, "_LINGER_SECONDS", 60 if lingers else -1)
    world = await World().begin(history)
    try:
        for step in steps:
            await world.take(step)
        await world.finish()
    except AssertionError as failure:
        failure.add_note("\n".join(world.trace))
        raise


schedules = given(
    remembered=st.sampled_from([0, 1, 50]),
    lingers=st.booleans(),
    history=st.sampled_from(History),
    steps=st.lists(a_step, min_size=20, max_size=80),
)
_bounds = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(_bounds, max_examples=150)
@schedules
@example(remembered=0, lingers=True, history=History.FULL, steps=ADDED_AGAIN_WITHIN_A_GAP)
@example(remembered=0, lingers=True, history=History.FULL, steps=FOUNDED_UNHEARD)
@example(remembered=0, lingers=True, history=History.FULL, steps=OVERTAKEN_WHILE_READ)
@example(remembered=0, lingers=True, history=History.FULL, steps=OUTDATED_WHEN_ANSWERED)
@example(
    remembered=0,
    lingers=True,
    history=History.SINCE_JOINING,
    steps=CHANGED_BEFORE_ONE_JOINED,
)
async def test_every_client_ends_with_the_state_of_the_store(
    monkeypatch: pytest.MonkeyPatch,
    remembered: int,
    lingers: bool,
    history: History,
    steps: list[tuple[str, Any]],
) -> None:
    """Versions only rise; nothing reaches anybody above their removal; who is in is told so and
    has everything that they may see, who is out is told so and gets nothing more. In short; `make
    fuzz` tries many.
    """
    await _try(monkeypatch, remembered, lingers, history, steps)


@pytest.mark.fuzz
@settings(_bounds, max_examples=3_000)
@schedules
async def test_every_client_ends_with_the_state_of_the_store_at_length(
    monkeypatch: pytest.MonkeyPatch,
    remembered: int,
    lingers: bool,
    history: History,
    steps: list[tuple[str, Any]],
) -> None:
    await _try(monkeypatch, remembered, lingers, history, steps)
