"""What contradicts what the store has shown before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import CommitUnknown
from messaging.stores.shared.witness import Witness
from tests.unit.messaging import new_group

EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def found() -> list[bool]:
    """One entry for each contradiction."""
    return []


@pytest.fixture
def witness(found: list[bool]) -> Witness:
    witness = Witness()
    witness.on_contradiction = lambda: found.append(True)
    return witness


@pytest.fixture
def conversation() -> Conversation:
    """At version 5."""
    return replace(new_group("ann"), version=5, commit_id="five", updated_at=LATER)


def see(witness: Witness, conversation: Conversation) -> None:
    witness.read(witness.begin(), conversation)


def test_the_same_again(witness: Witness, found: list[bool], conversation: Conversation) -> None:
    see(witness, conversation)
    see(witness, conversation)

    assert not found


def test_a_later_version(witness: Witness, found: list[bool], conversation: Conversation) -> None:
    see(witness, conversation)
    see(witness, replace(conversation, version=6, commit_id="six"))

    assert not found


def test_an_earlier_version(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    witness.committed(witness.begin(), conversation)
    see(witness, replace(conversation, version=4, commit_id="four"))

    assert found


def test_the_same_version_by_another_commit(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    see(witness, conversation)
    see(witness, replace(conversation, commit_id="another"))

    assert found


def test_a_conversation_that_is_gone(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    witness.absent(witness.begin(), conversation.id)
    assert not found
    see(witness, conversation)
    witness.absent(witness.begin(), conversation.id)

    assert found


def test_a_read_that_was_overtaken(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    """It began before the commit was known."""
    see(witness, conversation)
    mark = witness.begin()
    witness.committed(witness.begin(), replace(conversation, version=6, commit_id="six"))
    witness.read(mark, conversation)

    assert not found


def test_an_answer_from_another_history(witness: Witness, conversation: Conversation) -> None:
    """Nothing is known of it: it may be from before or after the restore."""
    mark = witness.begin()
    witness.forget()

    with pytest.raises(StoreUnavailable):
        witness.read(mark, conversation)
    with pytest.raises(CommitUnknown):
        witness.committed(mark, conversation)
    assert witness.latest is None


def test_nothing_of_another_history_is_compared(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    see(witness, conversation)
    witness.forget()
    see(witness, replace(conversation, version=1, commit_id="one"))

    assert not found


def test_the_latest_change(witness: Witness, conversation: Conversation) -> None:
    """By the store's time, whatever was read last."""
    see(witness, conversation)
    see(witness, replace(new_group("bob"), updated_at=EARLIER))

    assert witness.latest == conversation.id


def test_a_list_that_shows_less(
    witness: Witness, found: list[bool], conversation: Conversation
) -> None:
    """Lists have no id of the commit: only a lower version contradicts."""
    see(witness, conversation)
    witness.listed(witness.begin(), [(conversation.id, 5), ("unknown", 0)])
    assert not found
    witness.listed(witness.begin(), [(conversation.id, 4)])

    assert found


def test_positions_moved_lately(witness: Witness) -> None:
    """They are handed out once, and outlive the change of the history."""
    witness.moved_position("tea", "ann")
    witness.moved_position("tea", "bob")
    witness.forget()

    assert witness.pop_positions() == {"tea": ["ann", "bob"]}
    assert witness.pop_positions() == {}
