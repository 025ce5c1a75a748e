"""The inbox holds what changed here, within its bounds."""

from dataclasses import replace

from messaging.commits.group_commit import Committed
from messaging.domain.change import Change, ChangeType
from messaging.followers.inbox import Inbox
from messaging.instruments.memory import Weight
from tests.samples import sample_conversation, sample_message

WEIGHT = Weight("followers", most=1_000_000)


def commit(
    *versions: int, conversation_id: str = "c", text: str = "hello", later: int = 0
) -> Committed:
    """A commit of messages; `later`: how much further the conversation is."""
    message = sample_message(conversation_id=conversation_id, text=text)
    changes = [
        Change(
            type=ChangeType.MESSAGE_CREATED,
            version=version,
            message=replace(message, id=f"m{version}", version=version),
            by="ann",
        )
        for version in versions
    ]
    conversation = sample_conversation(id=conversation_id, version=versions[-1] + later)
    return Committed(conversation=conversation, before_token=None, changes=changes)


def test_commits_that_follow_each_other_are_one_step() -> None:
    inbox = Inbox(WEIGHT)
    inbox.add_commit(commit(1, 2))
    inbox.add_commit(commit(3))
    (pending,) = inbox.take(conversations=10, changes=10)
    followed = pending.followed("epoch")
    assert (followed.since, followed.version) == (0, 3)
    assert [message.version for message in followed.messages] == [1, 2, 3]
    assert (len(inbox), WEIGHT.bytes) == (0, 0)


def test_a_gap_is_read_from_the_store() -> None:
    """Another process has committed in between, or the commit shows a later state."""
    for gap in (commit(4), commit(3, later=1)):
        inbox = Inbox(WEIGHT)
        inbox.add_commit(commit(1, 2))
        inbox.add_commit(gap)
        inbox.add_commit(commit(5))
        (pending,) = inbox.take(conversations=10, changes=10)
        assert pending.must_read
        assert WEIGHT.bytes == 0


def test_beyond_its_bytes_it_keeps_only_ids() -> None:
    weight = Weight("followers", most=10_000)
    inbox = Inbox(weight)
    for number in range(20):
        inbox.add_commit(commit(1, conversation_id=f"c{number}", text="x" * 500))
    assert len(inbox) == 20
    assert weight.bytes <= 10_000
    taken = inbox.take(conversations=100, changes=100)
    assert 0 < sum(not one.must_read for one in taken) < 20
    assert weight.bytes == 0


def test_beyond_its_entries_it_keeps_nothing() -> None:
    inbox = Inbox(WEIGHT, most=3)
    for number in range(10):
        inbox.add_commit(commit(1, conversation_id=f"c{number}"))
        inbox.add(f"d{number}")
    assert len(inbox) == 3


def test_the_oldest_are_taken_first() -> None:
    inbox = Inbox(WEIGHT)
    for number in range(5):
        inbox.add_commit(commit(1, 2, conversation_id=f"c{number}"))
    taken = inbox.take(conversations=10, changes=3)
    assert [one.conversation_id for one in taken] == ["c0", "c1"]
    taken = inbox.take(conversations=1, changes=100)
    assert [one.conversation_id for one in taken] == ["c2"]


def test_a_conversation_that_was_created_here_needs_no_read() -> None:
    inbox = Inbox(WEIGHT)
    inbox.add_founded(sample_conversation(version=0))
    inbox.add_commit(commit(1))
    (pending,) = inbox.take(conversations=10, changes=10)
    followed = pending.followed("epoch")
    assert (followed.since, followed.version, followed.whole) == (-1, 1, True)


def test_a_conversation_that_others_changed_first_is_read() -> None:
    inbox = Inbox(WEIGHT)
    inbox.add_founded(sample_conversation(version=3))
    (pending,) = inbox.take(conversations=10, changes=10)
    assert pending.must_read


def test_what_fills_a_transaction_waits_for_nothing_more() -> None:
    inbox = Inbox(WEIGHT)
    assert not inbox.is_urgent(conversations=2, changes=4)
    inbox.add_commit(commit(1, 2, 3))
    assert not inbox.is_urgent(conversations=2, changes=4)
    inbox.add_commit(commit(4))
    assert inbox.is_urgent(conversations=2, changes=4)
    inbox.take(conversations=2, changes=4)
    inbox.add("c1")
    assert not inbox.is_urgent(conversations=2, changes=4)
    inbox.add("c2")
    assert inbox.is_urgent(conversations=2, changes=4)


def test_what_is_to_be_handled_now_waits_until_it_is_taken() -> None:
    inbox = Inbox(WEIGHT)
    inbox.add("c1")
    inbox.add_now("c2")
    assert inbox.is_urgent(conversations=10, changes=10)
    inbox.take(conversations=1, changes=10)
    assert inbox.is_urgent(conversations=10, changes=10)
    inbox.take(conversations=1, changes=10)
    inbox.add("c3")
    assert not inbox.is_urgent(conversations=10, changes=10)
