"""What one reaction changes, and which are refused."""

from dataclasses import replace
from typing import Any

import pytest

from messaging.changes.change import Outcome
from messaging.changes.messages.reacting import LISTED, React
from messaging.changes.needs import Known
from messaging.domain.change import ChangeType, Reaction
from messaging.domain.conversation import Conversation, ConversationKind, Posting
from messaging.domain.exceptions import (
    Blocked,
    InvalidRequest,
    MessageNotFound,
    MessagingError,
    NotAParticipant,
    PermissionDenied,
)
from messaging.domain.limits import get_limits
from messaging.domain.message import Message, MessageKind, ReactionSummary
from messaging.domain.participant import Participant, Role
from tests.samples import ANN, sample_conversation, sample_message

BOB = Participant(user_id="bob", role=Role.MEMBER, joined_version=0)


def group(**changes: Any) -> Conversation:
    people = {"ann": ANN, "bob": BOB}
    usual = {"seq": 3, "version": 7, "last_message": sample_message(), "participants": people}
    fields: dict[str, Any] = {**usual, **changes}
    return sample_conversation(**fields)


def react(
    emoji: str,
    message: Message,
    *,
    user_id: str = "bob",
    present: bool = True,
    own: tuple[str, ...] = (),
    conversation: Conversation | None = None,
) -> Outcome:
    change = React(user_id=user_id, message_id=message.id, emoji=emoji, present=present)
    reactions = {(message.id, user_id): own}
    known = Known(messages={message.id: message}, reactions=reactions)
    return change.apply(conversation or group(), known)


def summary(*user_ids: str, count: int | None = None) -> ReactionSummary:
    return ReactionSummary(count=len(user_ids) if count is None else count, user_ids=user_ids)


def test_the_first_reaction() -> None:
    """One version of the message and of the conversation; nothing becomes unread or more recent."""
    conversation = group(last_message=sample_message())

    outcome = react("👍", sample_message(), conversation=conversation)

    assert outcome.message == sample_message(
        version=8, created_version=5, reactions={"👍": summary("bob")}
    )
    assert outcome.conversation == replace(conversation, version=8, last_message=outcome.message)
    assert outcome.change is not None
    assert (outcome.change.type, outcome.change.version) == (ChangeType.REACTION_UPDATED, 8)
    assert (outcome.change.by, outcome.change.reaction) == ("bob", Reaction(emoji="👍", added=True))
    assert outcome.reactions is not None
    assert outcome.reactions.emojis == ("👍",)


def test_the_same_reaction_again() -> None:
    """No version: the state holds already, present or absent."""
    message = sample_message(reactions={"👍": summary("bob")})
    for present, emoji in ((True, "👍"), (False, "❤️")):
        outcome = react(emoji, message, present=present, own=("👍",))
        assert outcome.change is None
        assert outcome.message == message
        assert outcome.conversation == group()
        assert outcome.reactions is not None
        assert outcome.reactions.emojis == ("👍",)


def test_the_summary_names_the_first_ten() -> None:
    people = tuple(f"user-{number}" for number in range(LISTED))
    message = sample_message(reactions={"👍": summary(*people)})

    more = react("👍", message).message
    assert more is not None
    assert more.reactions == {"👍": summary(*people, count=LISTED + 1)}

    fewer = react("👍", more, present=False, own=("👍",)).message
    assert fewer is not None
    assert fewer.reactions == {"👍": summary(*people)}

    first = react("👍", more, user_id="ann", present=False, own=("👍",)).message
    assert first is not None
    assert first.reactions == {"👍": summary(*people, count=LISTED)}  # Ann was not among the ten


def test_the_last_person_takes_the_kind_away() -> None:
    message = sample_message(reactions={"👍": summary("bob"), "❤️": summary("ann")})
    outcome = react("👍", message, present=False, own=("👍",))
    assert outcome.message is not None
    assert outcome.message.reactions == {"❤️": summary("ann")}
    assert outcome.reactions is not None
    assert outcome.reactions.emojis == ()


def test_what_an_earlier_release_dropped_may_be_given_again() -> None:
    """Its summary was lost with a commit of that release; the person's own entry was not."""
    outcome = react("👍", sample_message(), own=("👍", "❤️"))
    assert outcome.message is not None
    assert outcome.message.reactions == {"👍": summary("bob")}
    assert outcome.reactions is not None
    assert outcome.reactions.emojis == ("👍",)


def test_limits() -> None:
    """Of kinds on a message, and of kinds of one person; a kind that is there needs no room."""
    limits = get_limits()
    full = sample_message(
        reactions={f"kind-{number}": summary("ann") for number in range(limits.reactions)}
    )
    own = tuple(f"kind-{number}" for number in range(limits.reactions_per_person))

    for emoji, held in (("another", ()), ("kind-19", own)):
        with pytest.raises(InvalidRequest) as refused:
            react(emoji, full, own=held)
        errors = [(error.field, error.code) for error in refused.value.errors]
        assert errors == [("emoji", "too_many")]

    joined = react("kind-19", full, own=own[1:]).message
    assert joined is not None
    assert joined.reactions["kind-19"] == summary("ann", "bob")
    assert react("kind-0", full, own=own).change is None


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize(
    ("conversation", "message", "user_id", "error"),
    [
        (group(), sample_message(), "eve", NotAParticipant),
        (group(), sample_message(deleted_at=sample_message().created_at), "bob", MessageNotFound),
        (group(), sample_message(kind=MessageKind.SYSTEM), "bob", PermissionDenied),
        (group(frozen=True), sample_message(), "bob", PermissionDenied),
        (
            group(kind=ConversationKind.DIRECT, blocked_by=frozenset({"ann"})),
            sample_message(),
            "bob",
            Blocked,
        ),
    ],
)
def test_refusals(
    conversation: Conversation,
    message: Message,
    user_id: str,
    error: type[MessagingError],
    present: bool,
) -> None:
    with pytest.raises(error):
        react("👍", message, user_id=user_id, present=present, conversation=conversation)


def test_where_a_send_is_refused_and_a_reaction_is_not() -> None:
    """Where only admins post, members react; owners react in a frozen conversation."""
    assert react("👍", sample_message(), conversation=group(posting=Posting.ADMINS)).change
    assert react("👍", sample_message(), user_id="ann", conversation=group(frozen=True)).change


def test_a_message_that_is_not_there() -> None:
    change = React(user_id="bob", message_id="m", emoji="👍", present=True)
    with pytest.raises(MessageNotFound):
        change.apply(group(), Known())
