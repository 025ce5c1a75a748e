"""What remains of a deleted message, and of the numbers of its conversation."""

from dataclasses import fields, replace

from messaging.changes.messages.deleting import deleted
from messaging.domain.uncounted import Uncounted
from tests.samples import sample_conversation, sample_message
from tests.unit.messaging.commits.test_fields import MESSAGE

KEPT = {"id", "conversation_id", "seq", "sender_id", "client_id", "kind", "created_at"}
KEPT |= {"created_version", "edited_at", "content_hash"}
"""The place of the message, its sender, its kind, and what recognises a retry."""
MADE = {"version", "deleted_at"}


def test_a_tombstone_has_no_content() -> None:
    """Whatever the message had: all that is not its place has the default."""
    message = replace(MESSAGE, deleted_at=None)
    conversation = sample_conversation(seq=3, version=8, pinned_count=1)

    tombstone = deleted(conversation, message, by="ann").message

    assert tombstone is not None
    bare = sample_message(text=None, mentions=())
    for field in fields(message):
        if field.name in KEPT:
            assert getattr(tombstone, field.name) == getattr(message, field.name), field.name
        elif field.name not in MADE:
            assert getattr(tombstone, field.name) == getattr(bare, field.name), field.name


def test_the_conversation_forgets_the_message() -> None:
    """It is neither pinned nor unread, which also ends its mentions (`domain.own.facts`)."""
    conversation = sample_conversation(seq=9, version=20, pinned_count=2, mentions_all_seq=3)
    for message, pinned in (
        (sample_message(seq=3, pinned_at=MESSAGE.pinned_at, mentions_all=True), 1),
        (sample_message(seq=2), 2),
    ):
        after = deleted(conversation, message, by="ann").conversation

        assert (after.pinned_count, after.mentions_all_seq) == (pinned, 3)
        assert after.uncounted == Uncounted.of([[message.seq, message.seq]])
