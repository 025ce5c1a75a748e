"""Which events the changed state of a conversation stands for."""

from datetime import UTC, datetime
from typing import Any

from messaging.domain.integrations.webhooks import WebhookEvent
from messaging.domain.participant import Participant, Role
from messaging.followers.follower import Followed
from messaging.webhooks.changes import Hint, Hints, events_of
from tests.samples import ANN, sample_conversation, sample_message

_LATER = datetime(2026, 1, 2, tzinfo=UTC)


def events(*, since: int, version: int, hints: Hints | None = None, **fields: Any) -> Any:
    """The types of the events, each with its version."""
    people = fields.pop("participants", {"ann": ANN})
    messages = sorted(fields.pop("messages", []), key=lambda one: one.version)
    followed = Followed(
        conversation=sample_conversation(version=version, participants=people),
        since=since,
        version=version,
        messages=messages,
        epoch="e",
    )
    return [(one.version, one.type.value) for one in events_of(followed, hints=hints or {})]


def test_a_new_conversation() -> None:
    """Its creation comes first, and names its people."""
    message = sample_message(version=1, created_version=1)
    found = events(since=-1, version=1, messages=[message])
    assert found == [(0, "conversation.created"), (1, "message.created")]


def test_a_message_that_changed_since() -> None:
    """It comes as created, and then as updated."""
    message = sample_message(version=4, created_version=2, edited_at=_LATER)
    found = events(since=1, version=4, messages=[message])
    assert found == [(2, "message.created"), (3, "conversation.updated"), (4, "message.updated")]


def test_an_older_message_that_changed() -> None:
    message = sample_message(version=6, created_version=2, edited_at=_LATER)
    assert events(since=5, version=6, messages=[message]) == [(6, "message.updated")]


def test_a_message_that_was_deleted_since() -> None:
    """Nothing comes of it but its deletion, also if more is known."""
    message = sample_message(version=3, created_version=2, deleted_at=_LATER, text=None)
    hints = {2: Hint(WebhookEvent.MESSAGE_CREATED, "m", {})}
    found = events(since=1, version=3, messages=[message], hints=hints)
    assert found == [(3, "message.deleted")]


def test_what_is_known_of_a_change() -> None:
    message = sample_message(version=3, created_version=2)
    hints = {
        1: Hint(WebhookEvent.CONVERSATION_UPDATED, "", {}),
        3: Hint(WebhookEvent.REACTION_UPDATED, "m", {"by": "bob"}),
    }
    found = events(since=1, version=3, messages=[message], hints=hints)
    assert found == [(2, "message.created"), (3, "reaction.updated")]


def test_people_who_were_added() -> None:
    """Everybody who joined at a version is one event; changes that left no trace are another."""
    people = {
        "ann": ANN,
        "bob": Participant(user_id="bob", role=Role.MEMBER, joined_version=2),
        "cid": Participant(user_id="cid", role=Role.MEMBER, joined_version=2),
    }
    found = events(since=1, version=4, participants=people)
    assert found == [(2, "participant.added"), (4, "conversation.updated")]


def test_the_ids_of_repeats() -> None:
    """An id depends on epoch, conversation and version alone."""
    message = sample_message(version=2, created_version=2)
    followed = Followed(
        conversation=sample_conversation(version=2),
        since=1,
        version=2,
        messages=[message],
        epoch="e",
    )
    (event,) = events_of(followed, hints={})
    assert event.id == "evt_e_c_2"
    assert (event.about, event.at) == ("m", message.created_at)
