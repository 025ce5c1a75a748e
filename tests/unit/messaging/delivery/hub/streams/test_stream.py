"""A stream: events and states in, actions out."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.delivery.delivery import Delivery
from messaging.delivery.hub.connections import Connection, Connections
from messaging.delivery.hub.streams import roster as roster_module
from messaging.delivery.hub.streams.actions import (
    Action,
    Announce,
    Deliver,
    Fill,
    Replay,
    Reread,
    Withdraw,
)
from messaging.delivery.hub.streams.stream import MAX_WAITING, Position, Stream
from messaging.domain.conversation import Conversation
from messaging.domain.participant import Participant, Role
from tests.outlets import Outlet, make_connection
from tests.unit.messaging import new_group


def delivery(version: int, **fields: object) -> Delivery:
    return Delivery(version=version, seq=0, frame=f"frame {version}", **fields)  # type: ignore[arg-type]


def state(version: int, **joined: int) -> Conversation:
    people = {
        user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=at)
        for user_id, at in joined.items()
    }
    return dataclasses.replace(new_group("ann"), id="c", version=version, participants=people)


class Setting:
    """A conversation from version 0 on, with people who are connected."""

    def __init__(self, *connected: str, version: int = 0, **participants: int) -> None:
        self.connections = Connections()
        self.stream = Stream("c", version, 0, participants, connections=self.connections)
        for user_id in connected:
            self.connect(user_id)

    def connect(self, user_id: str, *, informed: bool = True) -> Connection:
        connection = make_connection(f"c-{user_id}", user_id, Outlet(lambda frame: None))
        if informed:
            self.stream.rejoin(connection)
        self.connections.add(connection)
        return connection

    def push(self, *deliveries: Delivery) -> list[Action]:
        return list(self.stream.push(deliveries, 1.0))

    def delivered(self, *deliveries: Delivery) -> list[str]:
        """The frames that are written because of these deliveries."""
        return [one.frame for one in self.push(*deliveries) if isinstance(one, Deliver)]


def users(connections: object) -> set[str]:
    return {connection.user_id for connection in connections}  # type: ignore[attr-defined]


# In order, none twice, none missing


@given(
    start=st.integers(0, 5),
    arrivals=st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=4), max_size=40),
)
def test_each_version_once_and_in_order(start: int, arrivals: list[list[int]]) -> None:
    """Whatever comes, how often, and in which order: what goes out starts above the start and
    has no hole; the stream knows whether something is missing, and asks for it once."""
    setting = Setting(version=start)
    out: list[str] = []
    fills = 0
    for versions in arrivals:
        actions = setting.push(*map(delivery, versions))
        out += [action.frame for action in actions if isinstance(action, Deliver)]
        fills += actions.count(Fill(wait=True))

    arrived = {version for versions in arrivals for version in versions}
    reachable = start
    while reachable + 1 in arrived:
        reachable += 1
    assert out == [f"frame {version}" for version in range(start + 1, reachable + 1)]
    assert setting.stream.version == reachable
    assert setting.stream.is_behind is (max(arrived, default=0) > reachable)
    assert fills <= 1
    assert fills or not setting.stream.is_behind


def test_a_state_from_the_store_replaces_what_it_covers() -> None:
    """What waits above it goes on waiting, what lies below is gone."""
    setting = Setting(ann=0)
    setting.push(*map(delivery, (3, 5, 6, 8)))
    read = setting.stream.begin_read()
    assert read is not None
    actions = setting.stream.end_read(read, state(4, bob=2), 1.0)

    assert [one.frame for one in actions if isinstance(one, Deliver)] == ["frame 5", "frame 6"]
    assert (setting.stream.version, setting.stream.participants) == (6, {})
    assert setting.delivered(delivery(7)) == ["frame 7", "frame 8"]


def test_what_was_known_before_a_read_and_is_not_in_its_answer_does_not_exist() -> None:
    """What becomes known during the read may exist."""
    setting = Setting()
    assert list(setting.stream.note_version(7)) == [Fill(wait=True)]
    first = setting.stream.begin_read()
    assert first is not None
    assert list(setting.stream.note_version(3)) == []
    setting.stream.end_read(first, state(2), 1.0)
    assert (setting.stream.version, setting.stream.is_behind) == (2, True)

    second = setting.stream.begin_read()
    assert second is not None
    setting.stream.end_read(second, None, 1.0)
    setting.stream.end_fill()
    assert not setting.stream.is_behind
    assert list(setting.stream.note_version(3)) == [Fill(wait=True)]


def test_a_read_without_an_answer_changes_nothing() -> None:
    setting = Setting()
    setting.stream.note_version(3)
    read = setting.stream.begin_read()
    assert read is not None
    setting.stream.abandon_read(read)

    assert setting.stream.begin_read() == read


def test_a_state_that_is_at_hand_is_not_read_again() -> None:
    """Nor is it waited for."""
    setting, polled = Setting(), state(2)
    assert list(setting.stream.take_state(polled)) == [Fill(wait=False)]
    setting.stream.take_state(state(1))

    read = setting.stream.begin_read()
    assert read is not None
    assert read.state is polled


def test_what_waits_is_bounded() -> None:
    """A store that is away for long must not fill the memory: it is read later instead."""
    setting = Setting()
    setting.push(*(delivery(version) for version in range(2, MAX_WAITING + 100)))

    frames = setting.delivered(delivery(1))
    assert frames == [f"frame {version}" for version in range(1, MAX_WAITING + 1)]
    assert setting.stream.is_behind


def test_what_waited_for_a_version_that_does_not_exist_is_dropped() -> None:
    setting = Setting()
    setting.push(delivery(2))
    read = setting.stream.begin_read()
    assert read is not None
    setting.stream.end_read(read, None, 1.0)
    setting.stream.end_fill()

    assert setting.delivered(delivery(1)) == ["frame 1"]


# People


def test_the_log_moves_people() -> None:
    """In the order of versions: who was added is there from then on, who was removed is not."""
    setting = Setting("ann", ann=0)
    bob = setting.connect("bob", informed=False)
    assert users(setting.stream.audience()) == {"ann"}

    actions = setting.push(delivery(1, added={"bob": 1}, announcement="welcome"))
    assert [type(action) for action in actions] == [Deliver, Announce]
    assert actions[1] == Announce([bob], "welcome")
    assert users(setting.stream.audience()) == {"ann", "bob"}

    actions = setting.push(delivery(2, removed=["ann"]), delivery(3))
    assert [type(action) for action in actions] == [Deliver, Withdraw, Deliver]
    assert [users(one.connections) for one in actions if isinstance(one, Deliver | Withdraw)] == [
        {"ann", "bob"},
        {"ann"},
        {"bob"},
    ]
    assert setting.stream.participants == {"bob": 1}


def test_who_was_removed_in_a_gap_is_told_before_it_is_replayed() -> None:
    """And gets nothing of it. Who was added in it loads the conversation."""
    setting = Setting("ann", "bob", ann=0, bob=0)
    setting.connect("cid", informed=False)
    setting.stream.note_version(3)
    read = setting.stream.begin_read()
    assert read is not None
    withdraw, replay, announce = setting.stream.end_read(read, state(3, ann=0, cid=2), 1.0)

    assert isinstance(withdraw, Withdraw)
    assert isinstance(replay, Replay)
    assert isinstance(announce, Announce)
    assert (users(withdraw.connections), withdraw.notify) == ({"bob"}, True)
    assert (replay.since, users(replay.connections)) == (0, {"ann"})
    assert (users(announce.connections), announce.frame) == ({"cid"}, None)


def test_a_gap_announces_the_conversation_to_a_founder_who_was_not_told() -> None:
    """It is followed from the place of somebody else; the word of its founding was lost."""
    setting = Setting("ann", ann=0)
    setting.connect("bob", informed=False)
    setting.stream.note_version(1)
    read = setting.stream.begin_read()
    assert read is not None
    actions = setting.stream.end_read(read, state(1, ann=0, bob=0), 1.0)

    assert [users(one.connections) for one in actions if isinstance(one, Announce)] == [{"bob"}]


def test_a_watched_companion_is_told_of_the_conversation_like_anybody() -> None:
    """That the stream knows of them does not mean that their client knows of the conversation."""
    setting = Setting("ann", ann=0)
    setting.connect("bob", informed=False)
    setting.stream.keep_companion("bob", version=0, joined=0, count=2)
    assert setting.stream.look_for(["ann"]) == ()
    assert setting.stream.look_for(["bob"]) == [Reread()]

    (announce,) = setting.stream.introduce(state(0, ann=0, bob=0))

    assert isinstance(announce, Announce)
    assert users(announce.connections) == {"bob"}
    assert setting.stream.look_for(["bob"]) == ()


@pytest.mark.parametrize("remembered", [0, 5])
def test_what_is_remembered_of_people_is_bounded(
    remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of somebody who is not here the latest changes are known; below those nothing is."""
    monkeypatch.setattr(roster_module, "_REMEMBERED_CHANGES", remembered)
    stream = (setting := Setting()).stream
    for version in range(1, 8):
        setting.push(delivery(version, removed=[f"p{version}"]))

    forgotten = 7 - remembered
    assert stream.is_in("p1", 0) is None
    assert stream.is_in("bob", forgotten - 1) is None
    assert stream.is_in("bob", forgotten) is True
    assert stream.is_in("p7", 6) is (False if remembered else None)
    assert stream.is_in("bob") is None
    assert stream.admit(setting.connect("bob", informed=False), version=forgotten, joined=1)
    assert stream.participants == {"bob": 1}


# Connections


def test_who_was_told_is_known_on_both_sides() -> None:
    setting = Setting(ann=0)
    ann = setting.connect("ann")
    assert (ann.conversations, setting.stream.announced_to) == ({"c"}, {ann})

    setting.stream.leave(ann)
    assert (ann.conversations, setting.stream.announced_to) == (set(), set())
    assert list(setting.stream.audience()) == []


def test_what_hello_named_is_not_sent_again() -> None:
    """A connection that was told version 3 gets what is above, others get all."""
    setting = Setting("ann", version=1, ann=0, bob=0)
    bob = setting.connect("bob", informed=False)
    assert setting.stream.join(bob, version=3, seq=2, joined=0) == Position(3, 2)

    audiences = [
        users(action.connections)
        for action in setting.push(*map(delivery, (2, 3, 4)))
        if isinstance(action, Deliver)
    ]

    assert audiences == [{"ann"}, {"ann"}, {"ann", "bob"}]


def test_a_replay_spares_what_hello_named() -> None:
    setting = Setting("ann", ann=0, bob=0)
    bob = setting.connect("bob", informed=False)
    setting.stream.join(bob, version=2, seq=0, joined=0)
    setting.stream.note_version(3)
    read = setting.stream.begin_read()
    assert read is not None
    (replay,) = setting.stream.end_read(read, state(3, ann=0, bob=0), 1.0)

    assert isinstance(replay, Replay)
    assert users(replay.connections) == {"ann", "bob"}
    assert replay.floors == {bob: 2}


def test_a_released_stream_asks_for_nothing() -> None:
    """It goes on where it was once it is followed again."""
    setting = Setting("ann", ann=0)
    setting.push(delivery(1))
    setting.stream.note_version(3)
    setting.stream.release()
    assert setting.stream.begin_read() is None
    assert setting.stream.announced_to == set()

    setting.stream.resume(1, {"bob": 1}, 2)
    assert (setting.stream.version, setting.stream.count) == (1, 2)
    assert setting.stream.participants == {"ann": 0, "bob": 1}
    assert setting.stream.begin_read() is not None
