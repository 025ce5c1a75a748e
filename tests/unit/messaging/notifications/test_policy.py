"""Who is to be notified of a message."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from messaging.entities import (
    Conversation,
    ConversationKind,
    Message,
    Notify,
    Participant,
    Preferences,
    Role,
)
from messaging.notifications.policy import candidates

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOON, JUST_NOW = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)


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
        (Preferences(), (), True),
        (Preferences(notify=Notify.ALL), ("cid",), True),
        (Preferences(notify=Notify.MENTIONS), (), False),
        (Preferences(notify=Notify.MENTIONS), ("cid",), False),
        (Preferences(notify=Notify.MENTIONS), ("cid", "bob"), True),
        (Preferences(notify=Notify.NONE), (), False),
        (Preferences(notify=Notify.NONE), ("bob",), False),
        (Preferences(muted_until=SOON), (), False),
        (Preferences(muted_until=SOON), ("bob",), False),
        (Preferences(muted_until=SOON, notify=Notify.MENTIONS), ("bob",), False),
        (Preferences(muted_until=NOW), (), True),
        (Preferences(muted_until=JUST_NOW), (), True),
        (Preferences(muted_until=JUST_NOW, notify=Notify.MENTIONS), (), False),
        (Preferences(muted_until=JUST_NOW, notify=Notify.MENTIONS), ("bob",), True),
    ],
)
def test_who_wants_to_know(
    preferences: Preferences | None, mentions: Sequence[str], bob_rings: bool
) -> None:
    """A muted conversation is silent until the mute ends; with `mentions` only for those named;
    nobody's settings are anybody else's."""
    settings = {} if preferences is None else {"bob": preferences}

    wanted = candidates(conversation(**settings), message(*mentions), NOW)

    assert wanted == (["bob", "cid"] if bob_rings else ["cid"])


def test_the_sender_knows() -> None:
    """Even when they mention themselves."""
    assert candidates(conversation(), message("bob", sender="bob"), NOW) == ["ann", "cid"]


def test_who_left_is_not_notified() -> None:
    """Settings outlive nothing: only participants count, mentioned or not."""
    wanted = candidates(conversation(eve=Preferences()), message("eve"), NOW)

    assert wanted == ["bob", "cid"]
