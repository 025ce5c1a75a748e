"""Who is notified of a message, who is not and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.message import Message
from messaging.domain.participant import Notify, Participant, Preferences, Role
from messaging.domain.people import QuietHours, UserSettings
from messaging.domain.recipients import Device, Platform, Recipient, TokenKind
from messaging.notifications.policy import (
    Circumstances,
    Stage,
    is_quiet,
    rule,
    rule_at_sending,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOON, JUST_NOW = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)

PHONE = Device(
    id="phone",
    token="t",
    token_kind=TokenKind.TOKEN,
    platform=Platform.IOS,
    registered_at=NOW,
)
RINGING = Recipient(user_id="bob", devices=(PHONE,))
BLOCKING = replace(RINGING, blocked=frozenset({"ann"}))
SLEEPING = replace(
    RINGING,
    settings=UserSettings(
        quiet_hours=QuietHours(time_zone="Europe/Berlin", start=time(12), end=time(14))
    ),
)

OFFLINE = Circumstances()
GRACE_OVER = Circumstances(stage=Stage.GRACE_OVER)
MUTED = Preferences(muted_until=SOON)
MENTIONS = Preferences(notify=Notify.MENTIONS)
NONE = Preferences(notify=Notify.NONE)


@pytest.mark.parametrize(
    ("known", "ruling"),
    [
        # at sending
        (OFFLINE, "send absent"),
        (replace(OFFLINE, recipient=RINGING), "send absent"),
        (replace(OFFLINE, read=True), "drop read"),
        (replace(OFFLINE, deleted=True), "drop deleted"),
        (replace(OFFLINE, participant=False), "drop not_a_participant"),
        (replace(OFFLINE, recipient=SLEEPING), "drop quiet_hours"),
        (replace(OFFLINE, recipient=Recipient(user_id="bob")), "drop no_device"),
        (replace(OFFLINE, sender_id="ann", recipient=BLOCKING), "drop blocked"),
        (replace(OFFLINE, sender_id="cid", recipient=BLOCKING), "send absent"),
        # when the grace is over
        (GRACE_OVER, "send not_acknowledged"),
        (replace(GRACE_OVER, read=True), "drop read"),
        (replace(GRACE_OVER, deleted=True), "drop deleted"),
        (replace(GRACE_OVER, participant=False), "drop not_a_participant"),
        (replace(GRACE_OVER, recipient=SLEEPING), "drop quiet_hours"),
        (replace(GRACE_OVER, recipient=RINGING), "send not_acknowledged"),
        # one's own settings in the conversation
        (replace(OFFLINE, preferences=MUTED), "drop muted"),
        (replace(OFFLINE, preferences=MUTED, mentioned=True), "drop muted"),
        (replace(OFFLINE, preferences=Preferences(muted_until=NOW)), "send absent"),
        (replace(OFFLINE, preferences=Preferences(muted_until=JUST_NOW)), "send absent"),
        (replace(OFFLINE, preferences=MENTIONS), "drop not_mentioned"),
        (replace(OFFLINE, preferences=MENTIONS, mentioned=True), "send absent"),
        (replace(OFFLINE, preferences=NONE), "drop notifications_off"),
        (replace(OFFLINE, preferences=NONE, mentioned=True), "drop notifications_off"),
        # the first reason that holds is given
        (replace(OFFLINE, preferences=MUTED, participant=False), "drop not_a_participant"),
        (replace(OFFLINE, preferences=MUTED, read=True), "drop muted"),
        (replace(OFFLINE, read=True, recipient=SLEEPING), "drop read"),
    ],
)
def test_what_is_done(known: Circumstances, ruling: str) -> None:
    """Send or drop, with the reason."""
    ruled = rule(known, NOW)

    assert f"{ruled.action} {ruled.reason}" == ruling


def hours(start: str, end: str, zone: str = "UTC") -> QuietHours:
    return QuietHours(time_zone=zone, start=time.fromisoformat(start), end=time.fromisoformat(end))


@pytest.mark.parametrize(
    ("quiet_hours", "moment", "quiet"),
    [
        (hours("22:00", "07:00"), "2026-01-31T21:59:59", False),
        (hours("22:00", "07:00"), "2026-01-31T22:00:00", True),
        (hours("22:00", "07:00"), "2026-01-31T00:00:00", True),
        (hours("22:00", "07:00"), "2026-01-31T06:59:59", True),
        (hours("22:00", "07:00"), "2026-01-31T07:00:00", False),
        (hours("12:00", "14:00"), "2026-01-31T13:00:00", True),
        (hours("12:00", "14:00"), "2026-01-31T14:00:00", False),
        (hours("09:00", "09:00"), "2026-01-31T09:00:00", False),
        (hours("22:00", "07:00", "Europe/Berlin"), "2026-01-31T21:00:00", True),
        (hours("22:00", "07:00", "Europe/Berlin"), "2026-07-31T20:00:00", True),  # summer time
        (hours("22:00", "07:00", "Europe/Berlin"), "2026-07-31T05:00:00", False),
        (hours("22:00", "07:00", "America/New_York"), "2026-01-31T03:00:00", True),
    ],
)
def test_quiet_hours(quiet_hours: QuietHours, moment: str, quiet: bool) -> None:
    """Where the person lives; they may pass midnight, and end on the minute."""
    assert is_quiet(quiet_hours, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is quiet


@pytest.mark.parametrize(
    "zone", ["localtime", "Factory", "Nowhere/At-all", "America", "../../etc/passwd", "\0", "", "é"]
)
def test_a_stored_zone_of_another_machine_stops_no_notification(zone: str) -> None:
    """Earlier releases accepted what their machine knew. What this one does not know is UTC."""
    quiet_hours = QuietHours(time_zone=zone, start=time(0), end=time(23, 59, 59))

    assert is_quiet(quiet_hours, NOW)


def conversation(**preferences: Preferences) -> Conversation:
    return Conversation(
        id="c",
        kind=ConversationKind.GROUP,
        title=None,
        participants={
            user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=0)
            for user_id in ("ann", "bob", "cid")
        },
        created_at=NOW,
        updated_at=NOW,
        active_at=NOW,
        preferences=preferences,
    )


def message(*mentions: str, sender: str = "ann") -> Message:
    return Message(
        id="m",
        conversation_id="c",
        seq=1,
        version=1,
        sender_id=sender,
        client_id=None,
        text="hello",
        reply_to=None,
        mentions=mentions,
        created_at=NOW,
        content_hash="",
    )


@pytest.mark.parametrize(
    ("preferences", "mentions", "bob_rings"),
    [
        (None, (), True),
        (MENTIONS, (), False),
        (MENTIONS, ("cid",), False),
        (MENTIONS, ("cid", "bob"), True),
        (NONE, ("bob",), False),
        (MUTED, ("bob",), False),
    ],
)
def test_who_wants_to_know(
    preferences: Preferences | None, mentions: Sequence[str], bob_rings: bool
) -> None:
    """Nobody's settings are anybody else's."""
    settings = {} if preferences is None else {"bob": preferences}

    wishes = rule_at_sending(conversation(**settings), message(*mentions), NOW)

    assert wishes.wanted == ({"bob", "cid"} if bob_rings else {"cid"})
    assert set(wishes.dropped) == (set() if bob_rings else {"bob"})


@pytest.mark.parametrize(
    ("preferences", "rings"), [(MENTIONS, True), (NONE, False), (MUTED, False)]
)
def test_a_message_to_everyone_is_a_mention(preferences: Preferences, rings: bool) -> None:
    """It rings those who want mentions, and nobody who wants nothing."""
    to_all = replace(message(), mentions_all=True)

    wishes = rule_at_sending(conversation(bob=preferences), to_all, NOW)

    assert ("bob" in wishes.wanted) is rings


def test_the_sender_knows() -> None:
    """Even when they mention themselves."""
    wishes = rule_at_sending(conversation(bob=NONE), message("bob", sender="bob"), NOW)

    assert (wishes.wanted, wishes.dropped) == ({"ann", "cid"}, {})


@pytest.mark.parametrize(
    ("preferences", "reason"),
    [(MUTED, "muted"), (NONE, "notifications_off"), (MENTIONS, "not_mentioned")],
)
def test_why_somebody_does_not_want_to_know(preferences: Preferences, reason: str) -> None:
    """The same reasons as those of the rule about one person."""
    wishes = rule_at_sending(conversation(bob=preferences), message(), NOW)

    assert wishes.dropped == {"bob": reason}
    assert rule(replace(OFFLINE, preferences=preferences), NOW).reason == reason


@pytest.mark.parametrize("preferences", [Preferences(), NONE])
def test_who_left_is_not_notified(preferences: Preferences) -> None:
    """Settings outlive nothing: only participants count, mentioned or not."""
    wishes = rule_at_sending(conversation(eve=preferences), message("eve"), NOW)

    assert (wishes.wanted, wishes.dropped) == ({"bob", "cid"}, {})
