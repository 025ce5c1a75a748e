"""Decisions: the outcome of notifying a person, from the known facts and the results of the
pushes."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.own.visible import may_see
from messaging.domain.participant import Preferences
from messaging.domain.recipients import Decision, Reason, Verdict
from messaging.instruments.metrics import NOTIFICATION_DECISIONS
from messaging.notifications.jobs import NotifyJob
from messaging.notifications.policy import Action, Circumstances, Stage, rule
from messaging.notifications.push.protocol import PushResult, Status

logger = structlog.get_logger(__name__)

_SENT_REASONS = (Reason.ABSENT, Reason.NOT_ACKNOWLEDGED)
for _reason in Reason:
    _verdict = Verdict.SENT if _reason in _SENT_REASONS else Verdict.DROPPED
    NOTIFICATION_DECISIONS.labels(_verdict.value, _reason.value)
NOTIFICATION_DECISIONS.labels(Verdict.FAILED.value, "failed")


def circumstances_of(
    user_id: str, conversation: Conversation, message: Message, stage: Stage, read: bool
) -> Circumstances:
    return Circumstances(
        sender_id=message.sender_id,
        stage=stage,
        participant=may_see(conversation, user_id, message)
        and _was_there(conversation, user_id, message),
        preferences=conversation.preferences.get(user_id, Preferences()),
        mentioned=message.mentions_person(user_id),
        read=read,
    )


def _was_there(conversation: Conversation, user_id: str, message: Message) -> bool:
    """Return whether a participant was in the conversation when the message was sent. Who was added
    since has nothing unread."""
    sent_at = message.first_version or message.version
    return conversation.participants[user_id].joined_version <= sent_at


def ruled_out(
    circumstances: Mapping[str, Circumstances], now: datetime
) -> tuple[dict[str, Decision], dict[str, Circumstances]]:
    """Return the people who can be excluded without reading their devices, and the others."""
    decisions: dict[str, Decision] = {}
    wanted: dict[str, Circumstances] = {}
    for user_id, known in circumstances.items():
        ruling = rule(known, now)
        if ruling.action is Action.DROP:
            decisions[user_id] = dropped(ruling.reason, now)
        else:
            wanted[user_id] = known
    return decisions, wanted


def note_decided(job: NotifyJob, decisions: Mapping[str, Decision]) -> None:
    """Log the decisions, and count the final ones. FCM gives the reason of a failure in many forms,
    so it is not a label."""
    logger.debug(
        "notification.decided",
        conversation_id=job.conversation_id,
        message_id=job.message_id,
        stage=job.stage.value,
        decisions={user_id: decisions[user_id].reason for user_id in list(decisions)[:10]},
        people=len(decisions),
    )
    final = Counter(
        (made.verdict, "failed" if made.verdict is Verdict.FAILED else made.reason)
        for made in decisions.values()
        if made.verdict is not None
    )
    for (verdict, reason), people in final.items():
        NOTIFICATION_DECISIONS.labels(verdict.value, reason).inc(people)


def dropped(reason: Reason, now: datetime) -> Decision:
    return Decision(verdict=Verdict.DROPPED, reason=reason.value, at=now)


def outcome_of(
    reason: Reason, earlier: Mapping[str, str], results: Mapping[str, PushResult]
) -> Decision:
    """Return the outcome: undecided while a device needs a retry, sent if any device got the
    push."""
    devices = {
        **earlier,
        **{device_id: result.reason or result.status for device_id, result in results.items()},
    }
    now = datetime.now(UTC)
    if any(result.status is Status.LATER for result in results.values()):
        return Decision(reason="later", at=now, devices=devices)
    if Status.SENT in devices.values():
        return Decision(verdict=Verdict.SENT, reason=reason.value, at=now, devices=devices)
    reasons = ", ".join(sorted(set(devices.values())))
    return Decision(verdict=Verdict.FAILED, reason=reasons, at=now, devices=devices)
