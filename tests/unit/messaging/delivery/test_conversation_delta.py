"""What a commit made of a conversation, told to an instance that has it as it was before."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from messaging.commits.group_commit import Committed
from messaging.delivery.conversation_delta import ConversationState, apply_delta, make_delta
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import MessageKind
from messaging.domain.uncounted import Uncounted
from tests.samples import sample_conversation, sample_message

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
LATER = AT.replace(minute=9)


@pytest.fixture
def before() -> Conversation:
    return sample_conversation(at=AT, version=3, token=7)


@pytest.fixture
def committed(before: Conversation) -> Committed:
    message = sample_message(
        seq=1, version=4, client_id=None, mentions=("ann",), created_at=LATER, edited_at=LATER
    )
    after = replace(
        before,
        version=4,
        seq=1,
        updated_at=LATER,
        active_at=LATER,
        last_message=message,
        sent_seq={"ann": 1},
        commit_id="commit",
        token=8,
    )
    change = Change(type=ChangeType.MESSAGE_CREATED, version=4, message=message, by="ann")
    return Committed(conversation=after, before_token=before.token, changes=[change])


def test_the_copy_is_brought_up_to_date(before: Conversation, committed: Committed) -> None:
    """To the conversation as it was stored, with its token."""
    state = make_delta(committed)
    assert state is not None

    after = apply_delta(before, state)

    assert after == committed.conversation
    assert after is not None
    assert (after.token, after.commit_id) == (8, "commit")


@pytest.mark.parametrize("other", [{"version": 2}, {"version": 4}, {"token": 6}])
def test_another_copy_is_not(
    before: Conversation, committed: Committed, other: dict[str, int]
) -> None:
    """Neither of another version nor, where somebody's own settings were changed, of another
    token: what changed without a version would be undone by the next commit."""
    state = make_delta(committed)
    assert state is not None

    assert apply_delta(replace(before, **other), state) is None  # type: ignore[arg-type]


def test_people_are_read(committed: Committed) -> None:
    """Changes of people, roles and title do not travel this way."""
    added = Change(type=ChangeType.PARTICIPANT_ADDED, version=4, by="ann")

    assert make_delta(replace(committed, changes=[added])) is None


def test_a_deletion_is_uncounted_everywhere(before: Conversation, committed: Committed) -> None:
    """The copy knows which messages are unread for nobody, as the conversation that was stored."""
    first = committed.conversation.last_message
    assert first is not None
    last = replace(first, seq=5, version=9)
    base = replace(before, seq=5, version=9, last_message=last, uncounted=Uncounted.of([[2, 2]]))
    tombstone = replace(first, seq=3, version=10, text=None, deleted_at=LATER)
    after = replace(base, version=10, uncounted=Uncounted.of([[2, 3]]), token=8)
    change = Change(type=ChangeType.MESSAGE_DELETED, version=10, message=tombstone, by="ann")
    state = make_delta(Committed(conversation=after, before_token=7, changes=[change]))
    assert state is not None

    assert state.deleted == [3]
    assert state.follows(10, 10)
    assert apply_delta(base, state) == after
    assert not msgspec.structs.replace(state, deleted=[6]).follows(10, 10)


def test_a_system_message_is_uncounted_everywhere(before: Conversation) -> None:
    """It alone moves `seq`, and is nobody's own."""
    message = sample_message(
        seq=1, version=4, sender_id="service:bot", client_id=None, kind=MessageKind.SYSTEM
    )
    after = replace(
        before, version=4, seq=1, last_message=message, uncounted=Uncounted.of([[1, 1]]), token=8
    )
    change = Change(type=ChangeType.MESSAGE_CREATED, version=4, message=message, by="service:bot")
    state = make_delta(Committed(conversation=after, before_token=7, changes=[change]))
    assert state is not None

    assert state.sent_seq == {}
    assert apply_delta(before, state) == after


def test_what_an_earlier_release_deletes_stays_counted(
    before: Conversation, committed: Committed
) -> None:
    """It does not store the ranges, so that nobody may take them for stored."""
    base = replace(before, uncounted=Uncounted.of([[2, 2]]))
    state = make_delta(committed)
    assert state is not None
    encoded = msgspec.msgpack.encode(state)
    known = {k: v for k, v in msgspec.msgpack.decode(encoded).items() if k != "deleted"}
    older = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=ConversationState)

    after = apply_delta(base, older)

    assert after is not None
    assert after.uncounted == base.uncounted


NUMBERS = {"pinned_count": 1, "mentions_all_seq": 1}


def test_the_numbers_of_a_conversation_travel(before: Conversation, committed: Committed) -> None:
    """What a commit of messages changes beside them."""
    after = replace(committed.conversation, pinned_count=1, mentions_all_seq=1)
    state = make_delta(replace(committed, conversation=after))
    assert state is not None
    assert state.follows(4, 4)

    assert apply_delta(before, state) == after
    for name in NUMBERS:
        assert not msgspec.structs.replace(state, **{name: 2**40}).follows(4, 4)


def test_an_earlier_release_leaves_the_numbers(before: Conversation, committed: Committed) -> None:
    """It does not know them, and stores the others alone."""
    state = make_delta(committed)
    assert state is not None
    encoded = msgspec.msgpack.encode(state)
    known = {k: v for k, v in msgspec.msgpack.decode(encoded).items() if k not in NUMBERS}
    older = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=ConversationState)

    after = apply_delta(replace(before, **NUMBERS), older)  # type: ignore[arg-type]

    assert after == replace(committed.conversation, **NUMBERS)  # type: ignore[arg-type]


def test_a_plain_message_costs_no_absent_field(committed: Committed) -> None:
    """Of the fields that it lacks, none is in the link message."""
    state = make_delta(committed)
    assert state is not None

    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(state))

    absent = ("metadata", "attachments", "reactions", "pinned_at", "kind", "mentions_all")
    assert not sent.keys() & {f"last_{name}" for name in absent}
