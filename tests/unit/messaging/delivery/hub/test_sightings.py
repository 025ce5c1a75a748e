"""What was heard lately, and how long that is."""

import gc
import time
import weakref

import pytest

from messaging.delivery.hub.sightings import RecentSightings


class Text(str):
    """A text that shows whether it is still held."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_highest_version_is_remembered() -> None:
    """0 where nothing was heard."""
    reported = RecentSightings()
    for version in (3, 5, 4):
        reported.note_version("c", version)

    assert (reported.version("c"), reported.version("other")) == (5, 0)


def test_people_are_remembered_with_what_they_were_added_to() -> None:
    reported = RecentSightings()
    reported.note_added("a", ["ann", "bob"])
    reported.note_added("b", ["ann"])

    assert reported.added_to("ann") == {"a", "b"}
    assert reported.added_to("bob") == {"a"}
    assert reported.added_to("cid") == frozenset()


def test_all_is_forgotten_after_a_minute(clock: Clock) -> None:
    """Unless it was heard again; nothing is left of it in memory."""
    reported = RecentSightings()
    old, gone = Text("old"), Text("gone")
    held = [weakref.ref(old), weakref.ref(gone)]
    reported.note_version(old, 1)
    reported.note_version("kept", 1)
    reported.note_added(old, ["ann", gone])
    reported.note_added("kept", ["ann", "bob"])
    clock.move(40)
    reported.note_version("kept", 1)
    reported.note_added("kept", ["ann"])
    clock.move(40)
    reported.note_version("new", 1)
    del old, gone
    gc.collect()

    assert [reported.version(one) for one in ("old", "kept", "new")] == [0, 1, 1]
    assert reported.added_to("ann") == {"kept"}
    assert reported.added_to("bob") == frozenset()
    assert [text() for text in held] == [None, None]


def test_an_old_version_does_not_come_back(clock: Clock) -> None:
    """What was heard more than a minute ago is not taken up when something lower is heard."""
    reported = RecentSightings()
    reported.note_version("c", 9)
    clock.move(61)
    reported.note_version("d", 1)
    reported.note_version("c", 2)

    assert reported.version("c") == 2
