"""The outcome of a change once the store has committed it: with the store's time."""

from datetime import datetime

from messaging.changes.change import Outcome
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.stores.commit_time import stamped, stamped_conversation


def stamped_outcome(outcome: Outcome, stored: Conversation, at: datetime) -> Outcome:
    """Return the outcome with the store's time and the conversation as stored."""
    message = stamped(outcome.message, at) if outcome.message else None
    report = outcome.report
    return Outcome(
        conversation=stored,
        change=outcome.change and _stamped_change(outcome.change, at, message, outcome),
        message=message,
        report=report
        and _stamped_change(report, at, report.message and stamped(report.message, at), outcome),
        positions=outcome.positions,
        released=outcome.released,
        reactions=outcome.reactions,
    )


def _stamped_change(
    change: Change, at: datetime, message: Message | None, outcome: Outcome
) -> Change:
    after = change.conversation
    if after is None and change.type is not ChangeType.MESSAGE_CREATED:
        after = outcome.conversation  # some participants may not see the message
    snapshot = after and stamped_conversation(after, at, None)
    # Not `replace`: it takes three times as long, and each message passes here.
    return Change(
        type=change.type,
        version=change.version,
        message=message,
        participants=change.participants,
        conversation=snapshot,
        by=change.by,
        pinned_count=change.pinned_count,
        reaction=change.reaction,
        loses_reactions=change.loses_reactions,
    )


def is_the_same(found: Message, created: Message, only_sends: bool) -> bool:
    """Return whether this commit created the message. A position is assigned only once, whatever
    happens to the text later. If the commit has other changes too, only the version of an unchanged
    message proves that they were committed with it."""
    same = (found.seq, found.content_hash) == (created.seq, created.content_hash)
    return same and (only_sends or found.version == created.version)
