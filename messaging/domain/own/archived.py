"""Whether a conversation that a person archived is still archived: nothing is written when a
message ends it."""

from datetime import datetime

from messaging.domain.own.facts import OwnFacts
from messaging.domain.participant import Notify


def is_archived(facts: OwnFacts, since: int, read_seq: int, now: datetime) -> bool | None:
    """Return whether a conversation that was archived at the message `since` still is; None if only
    its messages tell.

    A message of somebody else ends it, unless it was deleted or is a system message. For a person
    who muted the conversation, or gets no push for every message, only a mention does.
    """
    if not _rings(facts, now):
        mentioned_seq = facts.mentioned_seq(read_seq)
        return mentioned_seq is None or mentioned_seq <= since
    others = _others_after(facts, since)
    return None if others is None else not others


def _rings(facts: OwnFacts, now: datetime) -> bool:
    muted_until = facts.preferences.muted_until
    muted = muted_until is not None and muted_until > now
    return facts.preferences.notify is Notify.ALL and not muted


def _others_after(facts: OwnFacts, since: int) -> bool | None:
    """Return whether a counted message above `since` is by somebody else; None if unknown."""
    if not facts.counted(since, facts.seq):
        return False
    latest, other = facts.last_sender_id, facts.other_seq
    if not latest:
        return None  # an earlier release stored these messages
    # All messages above `other` are by the latest sender.
    if latest != facts.user_id and facts.counted(max(other, since), facts.seq):
        return True
    if other <= since:
        return False
    # The message `other` is by somebody else than the latest sender.
    own = latest != facts.user_id and facts.sent_seq == other
    if not own and facts.counted(other - 1, other):
        return True
    return None if facts.counted(since, other - 1) else False
