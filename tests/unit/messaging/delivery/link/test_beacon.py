"""The beacon: what it carries, and for how long."""

from messaging.delivery.link.beacon import RecentCommits
from messaging.delivery.link.messages import Commits


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
