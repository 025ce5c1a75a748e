"""What a process remembers of single changes, within its bounds."""

from messaging.domain.integrations.webhooks import WebhookEvent
from messaging.webhooks.changes import Hint
from messaging.webhooks.hints import MAX_CHANGES, HintList

_MIB = 1024 * 1024


def addition(*, people: int = 1) -> Hint:
    """A hint of people who were added."""
    added = [{"user_id": f"u{number}", "role": "member"} for number in range(people)]
    return Hint(WebhookEvent.PARTICIPANT_ADDED, "", {"by": "ann", "participants": added})


def test_the_latest_changes_of_a_conversation_are_kept() -> None:
    hints = HintList()
    hints.add("c", {version: addition() for version in range(MAX_CHANGES)})
    full = hints.bytes
    hints.add("c", {version: addition() for version in range(MAX_CHANGES - 10, MAX_CHANGES + 10)})
    assert list(hints.of("c")) == list(range(10, MAX_CHANGES + 10))
    assert hints.bytes == full


def test_hints_are_bounded_in_bytes() -> None:
    """Those of the conversation that got none for the longest time are dropped first."""
    hints = HintList()
    for number in range(500):
        hints.add(f"c{number}", {version: addition(people=100) for version in range(1, 3)})
    assert 8 * _MIB < hints.bytes <= 16 * _MIB
    assert 0 < len(hints) < 500
    assert not hints.of("c0")
    assert hints.of("c499")


def test_no_hints_take_no_place() -> None:
    hints = HintList()
    hints.add("c", {})
    assert len(hints) == 0


def test_a_restored_store_leaves_no_hints() -> None:
    hints = HintList()
    hints.add("c", {1: addition()})
    hints.clear()
    assert (len(hints), hints.bytes, hints.of("c")) == (0, 0, {})
