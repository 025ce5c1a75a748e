"""A set of people that is bounded in time and in bytes."""

import pytest

from messaging.notifications.devices.recent_people import RecentPeople


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


ALL = frozenset({"ann", "bob", "cid"})


def test_people_stay_at_least_for_the_time_and_at_most_for_twice_as_long(clock: Clock) -> None:
    people = RecentPeople(seconds=10, most=10_000)
    people.add(["ann"])
    clock.now += 9
    people.add(["bob"])

    clock.now += 9
    assert people.among(ALL) == {"ann", "bob"}
    clock.now += 10
    assert people.among(ALL) == frozenset()
    assert people.size == 0


def test_somebody_who_is_added_again_stays(clock: Clock) -> None:
    people = RecentPeople(seconds=10, most=10_000)
    for _ in range(5):
        people.add(["ann"])
        clock.now += 9

    assert people.among(ALL) == {"ann"}


def test_nobody_stays_after_a_long_rest(clock: Clock) -> None:
    people = RecentPeople(seconds=10, most=10_000)
    people.add(["ann"])
    clock.now += 20

    assert people.among(ALL) == frozenset()


def test_somebody_who_is_discarded_is_gone(clock: Clock) -> None:
    """From both generations."""
    people = RecentPeople(seconds=10, most=10_000)
    people.add(["ann", "bob"])
    clock.now += 11
    people.add(["ann"])

    people.discard(["ann", "eve"])

    assert people.among(ALL) == {"bob"}
    people.discard(["bob"])
    assert people.size == 0


def test_the_bytes_are_bounded(clock: Clock) -> None:
    """The oldest go; the latest are there."""
    people = RecentPeople(seconds=10, most=10_000)
    sizes = []
    for number in range(1_000):
        people.add([f"user-{number}"])
        sizes.append(people.size)

    assert max(sizes) <= 10_000 + 2 * 130
    assert people.among({"user-999", "user-0"}) == {"user-999"}
