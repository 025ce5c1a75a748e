"""What is copied field by field on the path of every message forgets none."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from messaging.changes.change import Outcome
from messaging.changes.needs import Known
from messaging.commits.evaluation import stored_outcome
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import ConversationKind, History, Posting
from messaging.domain.fields.codec import default_of
from messaging.domain.message import Attachment, MessageKind, ReactionSummary
from messaging.domain.participant import Participant, Preferences, ReadPosition, Role
from messaging.domain.uncounted import Uncounted
from messaging.stores.shared.commit_time import stamped
from tests.samples import sample_conversation, sample_message
from tests.unit.messaging import send

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, tzinfo=UTC)

ATTACHMENT = Attachment(
    id="a-file",
    filename="tea.jpg",
    content_type="image/jpeg",
    size=48_213,
    width=1_024,
    height=768,
    has_thumbnail=True,
)
MESSAGE = sample_message(
    reply_to="another",
    created_at=THEN,
    edited_at=THEN,
    deleted_at=THEN,
    created_version=4,
    mentions_all=True,
    kind=MessageKind.SYSTEM,
    metadata='{"topic": "tea"}',
    pinned_at=THEN,
    attachments=(ATTACHMENT,),
    reactions={"👍": ReactionSummary(count=2, user_ids=("ann", "bob"))},
)

CONVERSATION = sample_conversation(
    at=THEN,
    kind=ConversationKind.DIRECT,
    seq=3,
    version=5,
    last_message=MESSAGE,
    sent_seq={"ann": 3},
    mentioned_seq={"ann": 2},
    last_sender_id="ann",
    other_seq=1,
    participants={
        "ann": Participant(user_id="ann", role=Role.OWNER, joined_version=2, visible_from=3)
    },
    preferences={"ann": Preferences(muted_until=THEN)},
    blocked_by=frozenset({"eve"}),
    frozen=True,
    uncounted=Uncounted.of([[2, 2]]),
    metadata='{"topic": "tea"}',
    picture="https://example.org/tea.png",
    posting=Posting.ADMINS,
    history=History.SINCE_JOINING,
    system_messages=True,
    pinned_count=1,
    mentions_all_seq=3,
    content_hash="of the conversation",
    commit_id="a-commit",
    token=42_000,
    counted=True,
)


def differing(one: Any, other: Any) -> set[str]:
    """The fields in which they do; also those that a comparison leaves out."""
    names = [field.name for field in fields(one)]
    return {name for name in names if getattr(one, name) != getattr(other, name)}


def test_no_field_has_its_default() -> None:
    """Else one that is forgotten would not be missed."""
    ann = CONVERSATION.participants["ann"]
    for entity in (MESSAGE, ATTACHMENT, CONVERSATION, ann, CONVERSATION.preferences["ann"]):
        assert [
            field.name
            for field in fields(entity)
            if getattr(entity, field.name) == default_of(field) and field.name != "notify"
        ] == []


def test_stamping_a_message() -> None:
    assert stamped(MESSAGE, NOW) == MESSAGE
    committed = replace(
        MESSAGE, created_at=COMMIT_TIME, edited_at=COMMIT_TIME, deleted_at=COMMIT_TIME
    )
    assert differing(stamped(committed, NOW), MESSAGE) == {"created_at", "edited_at", "deleted_at"}


def test_stamping_an_outcome() -> None:
    """What is told of a commit, and answered, is what was evaluated, as it was stored."""
    change = Change(
        type=ChangeType.PARTICIPANT_ADDED,
        version=9,
        message=MESSAGE,
        participants=tuple(CONVERSATION.participants.values()),
        conversation=CONVERSATION,
        by="ann",
    )
    outcome = Outcome(
        conversation=CONVERSATION,
        change=change,
        message=MESSAGE,
        positions=(ReadPosition(user_id="ann"),),
    )
    stored = replace(CONVERSATION, version=10)

    found = stored_outcome(outcome, stored, NOW)

    assert differing(found, outcome) == {"conversation", "change"}
    assert found.conversation == stored
    assert found.change is not None
    assert differing(found.change, change) == {"conversation"}
    assert found.change.conversation == replace(CONVERSATION, updated_at=NOW)


def test_sending_a_message() -> None:
    """The conversation is as it was but for what a message changes. (Where somebody is blocked
    there is no sending, so of `blocked_by` there is nothing to be forgotten.)"""
    member = {**CONVERSATION.participants}
    member["bob"] = Participant(user_id="bob", role=Role.OWNER, joined_version=3)
    before = replace(CONVERSATION, participants=member, blocked_by=frozenset())

    after = send("a-conversation", "bob").apply(before, Known()).conversation

    of_sending = {"seq", "version", "last_message", "active_at", "sent_seq"}
    assert differing(after, before) == of_sending | {"last_sender_id", "other_seq"}
    assert (after.last_sender_id, after.other_seq) == ("bob", 3)
    mentioning = send("a-conversation", "bob", mentions=("ann", "bob")).apply(before, Known())
    assert mentioning.conversation.mentioned_seq == {"ann": 4}
