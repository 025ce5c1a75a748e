"""The policy: which people who have not seen a message get a push for it, which do not, and why.

It is pure. The receiver asks it at the commit, and the worker again before it pushes. The worker
(`notifier`) first leaves out those who have acknowledged the message in time, and asks nothing
about a message that was deleted. Nothing is recorded of people who acknowledged, and of most who
have no device: `services.operators.delivery_outcomes` derives these two reasons.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.participant import Notify, Preferences
from messaging.domain.people import QuietHours
from messaging.domain.recipients import Reason, Recipient

_DEFAULT = Preferences()


class Stage(StrEnum):
    """The stage at which a person is examined."""

    SENT = "sent"
    """The message was just committed."""
    GRACE_OVER = "grace_over"
    """Connected people have had their time to acknowledge it."""


class Action(StrEnum):
    SEND = "send"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts about one person and one message."""

    stage: Stage = Stage.SENT
    participant: bool = True
    preferences: Preferences = _DEFAULT
    mentioned: bool = False
    deleted: bool = False
    read: bool = False
    sender_id: str = ""
    recipient: Recipient | None = None
    """None if it was not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Who wants a push for a message when they are absent, and who does not."""

    wanted: Set[str]
    dropped: Mapping[str, Reason]


def rule(known: Circumstances, now: datetime) -> Ruling:
    """Decide about one person by the known facts. The reasons are checked in order; the first one
    that holds is returned."""
    dropped = (
        _unwanted(known, now)
        or (Reason.READ if known.read else None)
        or (_unreachable(known, known.recipient, now) if known.recipient is not None else None)
    )
    if dropped is not None:
        return Ruling(action=Action.DROP, reason=dropped)
    if known.stage is Stage.GRACE_OVER:
        return Ruling(action=Action.SEND, reason=Reason.NOT_ACKNOWLEDGED)
    return Ruling(action=Action.SEND, reason=Reason.ABSENT)


def rule_at_sending(conversation: Conversation, message: Message, now: datetime) -> Wishes:
    """Decide who wants a push, of everyone except the sender, at the time of the commit and without
    reading a store. Only people with preferences of their own are looked at one by one."""
    others = conversation.participants.keys() - {message.sender_id}
    dropped = {}
    for user_id, preferences in conversation.preferences.items():
        if user_id in others:
            reason = _unwanted_by(preferences, message.mentions_person(user_id), now)
            if reason is not None:
                dropped[user_id] = reason
    return Wishes(wanted=others - dropped.keys() if dropped else others, dropped=dropped)


def is_quiet(quiet_hours: QuietHours, now: datetime) -> bool:
    """Return whether it is within a person's quiet hours.

    If this machine does not know a stored zone, it counts as UTC: earlier releases accepted names
    that only some machines have.
    """
    local = now.astimezone(_zone(quiet_hours.time_zone)).time()
    start, end = quiet_hours.start, quiet_hours.end
    if start <= end:
        return start <= local < end
    return local >= start or local < end


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _unwanted(known: Circumstances, now: datetime) -> Reason | None:
    if not known.participant:
        return Reason.NOT_A_PARTICIPANT
    if known.deleted:
        return Reason.DELETED
    return _unwanted_by(known.preferences, known.mentioned, now)


def _unwanted_by(preferences: Preferences, mentioned: bool, now: datetime) -> Reason | None:
    if preferences.muted_until is not None and preferences.muted_until > now:
        return Reason.MUTED
    if preferences.notify is Notify.NONE:
        return Reason.NOTIFICATIONS_OFF
    if preferences.notify is Notify.MENTIONS and not mentioned:
        return Reason.NOT_MENTIONED
    return None


def _unreachable(known: Circumstances, recipient: Recipient, now: datetime) -> Reason | None:
    if known.sender_id in recipient.blocked:
        return Reason.BLOCKED
    quiet_hours = recipient.settings.quiet_hours
    if quiet_hours is not None and is_quiet(quiet_hours, now):
        return Reason.QUIET_HOURS
    return None if recipient.devices else Reason.NO_DEVICE
