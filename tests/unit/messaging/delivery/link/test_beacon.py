"""The beacon: what it carries, and for how long."""

import pytest

from messaging.delivery.field_types import MAX_PEOPLE
from messaging.delivery.link.beacon import REPORTS, RecentCommits
from messaging.delivery.link.encoding import VERSION, Wire
from messaging.delivery.link.messages import Beacon, Commits
from messaging.delivery.link.signing import Signing


def test_a_commit_is_carried_until_five_beacons_came_back() -> None:
    """Sending does not count: what Redis lost was not said."""
    recent = RecentCommits()
    recent.note("c", 7, ["ann"])

    for _ in range(10):
        assert recent.as_message() == {"c": Commits(7, ["ann"])}
    for _ in range(4):
        recent.came_back(["c"])
        assert recent.as_message() == {"c": Commits(7, ["ann"])}
    recent.came_back(["c"])

    assert recent.as_message() == {}
    assert len(recent) == 0


def test_the_highest_version_counts_and_everybody_who_was_added() -> None:
    """A later commit of the same conversation is carried as long as the first."""
    recent = RecentCommits()
    recent.note("c", 7, ["bob"])
    for _ in range(4):
        recent.came_back(["c"])
    recent.note("c", 9, ["ann"])
    recent.note("c", 8)

    for _ in range(4):
        recent.came_back(["c"])
    assert recent.as_message() == {"c": Commits(9, ["ann", "bob"])}
    recent.came_back(["c"])
    assert recent.as_message() == {}


def test_conversations_are_let_go_one_by_one() -> None:
    """Beacons that come back without a conversation say nothing of it."""
    recent = RecentCommits()
    recent.note("a", 1)
    for _ in range(3):
        recent.came_back(["a"])
    recent.note("b", 1)
    for _ in range(2):
        recent.came_back(["a", "b", "of an earlier life"])

    assert recent.as_message() == {"b": Commits(1, [])}


def test_a_commit_is_reported_several_times_after_the_last_one() -> None:
    """Among many instances, where beacons do not carry it. Each further commit begins anew."""
    recent = RecentCommits()
    recent.note("c", 7, ["ann"])
    assert not recent.take_due()
    recent.note("c", 8, ["bob"])

    reported = [beacon for beacon in range(1, 20) if recent.take_due()]

    assert reported == list(REPORTS)
    assert len(recent) == 0


def test_a_report_has_the_latest_version_and_everybody_who_was_added() -> None:
    recent = RecentCommits()
    recent.note("c", 7, ["bob"])
    recent.note("c", 9, ["ann"])
    recent.note("d", 1)

    reports = next(filter(None, (recent.take_due() for _ in range(10))))

    assert dict(reports) == {"c": Commits(9, ["ann", "bob"]), "d": Commits(1, [])}


def test_a_report_that_was_lost_is_made_again() -> None:
    """Also the last one, after which nothing is kept."""
    recent = RecentCommits()
    recent.note("c", 7)
    for _ in range(REPORTS[-1]):
        recent.take_due()
    assert len(recent) == 0

    recent.note("c", 7)

    assert [beacon for beacon in range(1, 20) if recent.take_due()] == list(REPORTS)


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.9])
def test_whoever_does_not_notice_an_outage_hears_a_report_after_it(phase: float) -> None:
    """However an outage of up to four seconds lies around a commit: longer ones are noticed."""
    recent = RecentCommits()
    recent.note("c", 1)
    reports = [phase + beacon for beacon in range(20) if recent.take_due()]

    for tenth in range(41):
        begun = -tenth / 10  # before the commit
        assert any(begun + 4.0 < at < begun + 4.0 + 8.0 for at in reports)


def test_people_who_are_no_longer_reported_weigh_nothing() -> None:
    """The bound on their number counts those of the entries that are kept."""
    recent = RecentCommits()
    people = [f"u{number}" for number in range(1_000)]
    for number in range(200):
        recent.note(f"c{number}", 1, people)
        for _ in range(REPORTS[-1]):
            recent.take_due()
    recent.note("a", 1, people)
    recent.note("b", 1, people)

    assert len(recent) == 2


def test_a_beacon_is_never_refused_for_its_people() -> None:
    """A conversation may gain any number of people while the link is down. If nobody accepted the
    beacon, the link would stay down."""
    recent = RecentCommits()
    for number in range(MAX_PEOPLE + 1):
        recent.note("c", number, [f"user-{number}"])
    wire = Wire("boot", signing=Signing())

    beacon = Beacon(number=1, commits=dict(recent.as_message()))

    assert wire.open(wire.seal([beacon], version=VERSION)).items == [beacon]
    assert recent.as_message()["c"].version == MAX_PEOPLE
