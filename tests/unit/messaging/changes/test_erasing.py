"""What erases a person from a message and from a conversation, and who becomes owner then."""

import json
from dataclasses import replace

import pytest

from messaging.changes.erasing import (
    EraseFromConversation,
    EraseFromMessage,
    renamed_metadata,
    successor,
)
from messaging.changes.needs import Known
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import PermissionDenied
from messaging.domain.message import Message, MessageKind, ReactionSummary
from messaging.domain.participant import Participant, Preferences, Role
from tests.samples import sample_conversation, sample_message

ERASED = "erased:x"


def group(**roles: Role) -> Conversation:
    people = {
        name: Participant(user_id=name, role=role, joined_version=0) for name, role in roles.items()
    }
    return sample_conversation(participants=people, version=9, seq=9)


def erased(message: Message, *own: str) -> Message:
    """The message after Ann was erased from it."""
    change = EraseFromMessage(user_id="ann", erased_id=ERASED, message_id=message.id)
    known = Known(messages={message.id: message}, reactions={(message.id, "ann"): own})
    outcome = change.apply(group(ann=Role.OWNER), known)
    assert outcome.message is not None
    return outcome.message


def test_an_own_message_becomes_a_tombstone_of_nobody() -> None:
    """Without the digest of its text, which a guess could check."""
    left = erased(sample_message(sender_id="ann"))

    assert (left.sender_id, left.text, left.client_id, left.content_hash) == (
        ERASED,
        None,
        None,
        "",
    )
    assert left.deleted_at is not None
    assert erased(left) == left


def test_a_tombstone_loses_its_sender() -> None:
    """It keeps the time of its deletion."""
    gone = erased(sample_message(sender_id="ann"))
    tombstone = replace(gone, sender_id="ann", client_id="7")

    left = erased(tombstone)

    assert (left.sender_id, left.client_id) == (ERASED, None)
    assert left.deleted_at == tombstone.deleted_at
    assert left.version == 10


def test_a_message_of_somebody_else_keeps_its_text() -> None:
    """It loses the mention and the reaction, also beyond those whom the summary names."""
    reactions = {
        "tea": ReactionSummary(count=2, user_ids=("ann", "bob")),
        "cup": ReactionSummary(count=11, user_ids=("bob",)),
        "pot": ReactionSummary(count=1, user_ids=("ann",)),
    }
    message = sample_message(sender_id="bob", mentions=("ann", "cid"), reactions=reactions)

    left = erased(message, "tea", "cup")

    assert left.text == message.text
    assert left.mentions == ("cid",)
    assert left.reactions == {
        "tea": ReactionSummary(count=1, user_ids=("bob",)),
        "cup": ReactionSummary(count=10, user_ids=("bob",)),
    }
    assert erased(left) == left


def test_a_system_message_names_nobody() -> None:
    metadata = json.dumps({"event": "x", "by": "ann", "user_ids": ["bob", "ann"], "title": "anna"})
    message = sample_message(
        sender_id="service:system", kind=MessageKind.SYSTEM, metadata=metadata, mentions=()
    )

    left = erased(message)

    assert json.loads(left.metadata or "") == {
        "event": "x",
        "by": ERASED,
        "user_ids": ["bob", ERASED],
        "title": "anna",
    }


@pytest.mark.parametrize("metadata", ['["ann"]', '{"by":"anna"}', '{"n":{"by":"ann"}}'])
def test_other_metadata_stays(metadata: str) -> None:
    """The product's own names people at the top alone."""
    assert renamed_metadata(metadata, "ann", ERASED) == metadata


def left_by_ann(conversation: Conversation) -> Conversation:
    change = EraseFromConversation(user_id="ann", erased_id=ERASED)
    return change.apply(conversation, Known()).conversation


def test_a_group_forgets_who_leaves() -> None:
    conversation = replace(
        group(ann=Role.MEMBER, bob=Role.OWNER),
        sent_seq={"ann": 9, "bob": 3},
        mentioned_seq={"ann": 3},
        preferences={"ann": Preferences()},
        last_sender_id="ann",
    )

    left = left_by_ann(conversation)

    assert "'ann'" not in repr(left)
    assert left.last_sender_id == ERASED
    assert (left.version, left.title) == (10, "Tea")
    assert left_by_ann(left) == left


def test_a_group_without_people_has_no_title() -> None:
    left = left_by_ann(group(ann=Role.OWNER))

    assert (left.title, left.participants) == (None, {})


def test_a_direct_conversation_keeps_its_two_people() -> None:
    conversation = replace(
        group(ann=Role.MEMBER, bob=Role.MEMBER),
        kind=ConversationKind.DIRECT,
        sent_seq={"ann": 9},
        blocked_by=frozenset({"ann", "bob"}),
    )

    left = left_by_ann(conversation)

    assert left.participants.keys() == {"ann", "bob"}
    assert left.sent_seq == {}
    assert (left.blocked_by, left.version) == (frozenset({"bob"}), 10)
    assert left_by_ann(left) == left


def test_the_last_owner_is_replaced_first() -> None:
    """By the first admin, else by the first other person."""
    owner, admin, member = Role.OWNER, Role.ADMIN, Role.MEMBER
    with pytest.raises(PermissionDenied):
        left_by_ann(group(ann=owner, bob=member))

    assert successor(group(ann=owner, bob=member, cid=admin), "ann") == "cid"
    assert successor(group(ann=owner, bob=member, cid=member), "ann") == "bob"
    assert successor(group(ann=owner, bob=owner), "ann") is None
    assert successor(group(ann=owner), "ann") is None
    assert successor(group(bob=member), "ann") is None
