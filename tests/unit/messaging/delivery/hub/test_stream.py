"""A stream: versions in, in any order; versions out, in order and once."""

from hypothesis import given
from hypothesis import strategies as st

from messaging.delivery.batch import Delivery
from messaging.delivery.hub import stream as stream_module
from messaging.delivery.hub.connections import Connection
from messaging.delivery.hub.stream import Stream
from tests.outlets import Outlet, make_connection


def delivery(version: int, **people: object) -> Delivery:
    return Delivery(version=version, seq=0, frame=f"frame {version}", **people)  # type: ignore[arg-type]


def connection(user_id: str) -> Connection:
    return make_connection(f"c-{user_id}", user_id, Outlet(lambda frame: None))


def popped(stream: Stream) -> list[int]:
    return [ready.version for ready in stream.pop_ready()]


@given(
    start=st.integers(0, 5),
    arrivals=st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=4), max_size=40),
)
def test_each_version_once_and_in_order(start: int, arrivals: list[list[int]]) -> None:
    """Whatever comes, how often, and in which order: what goes out starts above the start and
    has no hole; the stream knows whether something is missing."""
    stream = Stream("c", start, 0, {})
    out: list[int] = []
    for versions in arrivals:
        stream.push(map(delivery, versions))
        out += popped(stream)

    arrived = {version for versions in arrivals for version in versions}
    reachable = start
    while reachable + 1 in arrived:
        reachable += 1
    assert out == list(range(start + 1, reachable + 1))
    assert all(version > reachable for version in stream._waiting)
    assert stream.version == reachable
    assert stream.behind is (max(arrived, default=0) > reachable)


def test_a_state_from_the_store_replaces_what_it_covers() -> None:
    """What waits above it goes on waiting, what lies below is gone."""
    stream = Stream("c", 0, 0, {"ann": 0})
    stream.push(map(delivery, (3, 5, 6, 8)))
    stream.jump(4, 0, {"bob": 2})

    assert popped(stream) == [5, 6]
    assert (stream.known, stream.behind, stream.participants) == (8, True, {"bob": 2})


def test_what_waits_is_bounded() -> None:
    """A store that is away for long must not fill the memory: it is read later instead."""
    stream = Stream("c", 0, 0, {})
    most = stream_module._MAX_WAITING
    stream.push(delivery(version) for version in range(2, most + 100))

    assert len(stream._waiting) == most - 1  # the versions up to `most`
    assert stream.known == most + 99
    stream.push([delivery(1)])
    assert popped(stream) == list(range(1, most + 1))
    assert stream.behind


def test_the_log_moves_people() -> None:
    """In the order of versions: who was added is there from then on, who was removed is not."""
    ann, bob = connection("ann"), connection("bob")
    stream = Stream("c", 0, 0, {"ann": 0})
    stream.tell(ann)
    stream.tell(bob)
    assert stream.audience() == [ann]

    stream.apply_people(delivery(1, added={"bob": 1}), {"bob"})
    assert set(stream.audience()) == {ann, bob}

    stream.apply_people(delivery(2, removed=["ann"]), ())
    assert stream.audience() == [bob]
    assert stream.participants == {"bob": 1}


def test_what_a_stream_remembers_of_people_is_bounded() -> None:
    """Of whoever is not here it knows the latest changes; below those it does not know."""
    stream = Stream("c", 0, 0, {}, count=1)
    most = stream_module._REMEMBERED_CHANGES
    for version in range(1, most + 3):
        stream.push([delivery(version, removed=[f"p{version}"])])
        for ready in stream.pop_ready():
            stream.apply_people(ready, ())

    assert len(stream._changes) == most
    assert stream.is_in("p1", 0) is None
    assert stream.is_in("p1", 1) is None
    assert stream.is_in("p9", 2) is False
    assert stream.is_in("bob", 2) is True
    assert stream.is_in("bob") is None
    assert stream.learn("bob", 2, 1) is True
    assert stream.participants == {"bob": 1}


def test_who_was_told_is_known_on_both_sides() -> None:
    ann = connection("ann")
    stream = Stream("c", 0, 0, {"ann": 0})

    stream.tell(ann)
    assert (ann.told, stream.told) == ({"c"}, {ann})

    stream.withdraw(ann)
    assert (ann.told, stream.told, stream.audience()) == (set(), set(), [])


def test_what_hello_named_is_not_sent_again() -> None:
    """A connection that was told version 3 gets what is above, others get all."""
    ann, bob = connection("ann"), connection("bob")
    stream = Stream("c", 1, 0, {"ann": 0, "bob": 0})
    stream.tell(ann)
    stream.tell(bob)
    stream.start_above(bob, 3)

    audiences = {version: set(stream.audience_of(version)) for version in (2, 3, 4)}

    assert audiences == {2: {ann}, 3: {ann}, 4: {ann, bob}}


def test_only_those_who_stay_are_kept() -> None:
    stream = Stream("c", 0, 0, {"ann": 0, "bob": 0})
    stream.tell(ann := connection("ann"))
    stream.tell(connection("bob"))

    stream.keep_only({"ann", "cid"})

    assert (stream.participants, stream.audience()) == ({"ann": 0}, [ann])
