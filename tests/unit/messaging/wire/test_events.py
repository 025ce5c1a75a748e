"""The catalogue of events: their JSON, word by word."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.domain.change import Change, ChangeType
from messaging.domain.participant import OwnFlags, Participant, ReadPosition, Role
from messaging.domain.uncounted import Uncounted
from messaging.wire.events import EventEncoder, EventType
from tests.samples import ANN, sample_conversation, sample_message

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEXT_OF_NOON = "2026-01-31T12:00:00.000Z"
BOB = Participant(user_id="bob", role=Role.MEMBER, joined_version=4)
MESSAGE = sample_message(text="hello 🦆", created_at=NOON)
CONVERSATION = sample_conversation(
    at=NOON,
    participants={"ann": ANN, "bob": BOB},
    seq=3,
    version=5,
    last_message=MESSAGE,
    uncounted=Uncounted.of([[1, 2]]),
)
MESSAGE_DATA = {
    "id": "m",
    "conversation_id": "c",
    "seq": 3,
    "version": 5,
    "created_version": 5,
    "sender_id": "ann",
    "client_id": "1",
    "text": "hello 🦆",
    "reply_to": None,
    "mentions": ["bob"],
    "mentions_all": False,
    "kind": "text",
    "metadata": None,
    "pinned_at": None,
    "attachments": [],
    "reactions": {},
    "created_at": TEXT_OF_NOON,
    "edited_at": None,
    "deleted_at": None,
}
ANN_DATA = {"user_id": "ann", "role": "owner", "joined_version": 0}
BOB_DATA = {"user_id": "bob", "role": "member", "joined_version": 4}
CONVERSATION_DATA = {
    "id": "c",
    "kind": "group",
    "title": "Tea",
    "participants": [ANN_DATA, BOB_DATA],
    "participant_count": 2,
    "created_at": TEXT_OF_NOON,
    "updated_at": TEXT_OF_NOON,
    "seq": 3,
    "version": 5,
    "last_message": MESSAGE_DATA,
    "uncounted": [[1, 2]],
    "metadata": None,
    "picture": None,
    "frozen": False,
    "posting": "all",
    "history": "full",
    "system_messages": False,
    "pinned_count": 0,
}


@pytest.fixture
def events() -> EventEncoder:
    return EventEncoder("i-1", "boot")


@pytest.mark.parametrize(
    ("kind", "subject", "data"),
    [
        (ChangeType.MESSAGE_CREATED, {"message": MESSAGE}, {"message": MESSAGE_DATA}),
        (ChangeType.MESSAGE_UPDATED, {"message": MESSAGE}, {"message": MESSAGE_DATA}),
        (ChangeType.MESSAGE_DELETED, {"message": MESSAGE}, {"message": MESSAGE_DATA}),
        (
            ChangeType.CONVERSATION_UPDATED,
            {"conversation": CONVERSATION},
            {"conversation": CONVERSATION_DATA},
        ),
        (
            ChangeType.PARTICIPANT_ADDED,
            {"conversation": CONVERSATION, "participants": (BOB,)},
            {"participants": [BOB_DATA], "by": "ann"},
        ),
        (
            ChangeType.PARTICIPANT_REMOVED,
            {"conversation": CONVERSATION, "participants": (BOB,)},
            {"participants": [BOB_DATA], "by": "ann"},
        ),
    ],
)
def test_durable_events(
    events: EventEncoder, kind: ChangeType, subject: dict[str, Any], data: dict[str, Any]
) -> None:
    """`event_id` is `{conversation_id}.{version}`, the same on every instance."""
    change = Change(type=kind, version=5, by="ann", **subject)

    assert json.loads(events.change("c", change, NOON)) == {
        "type": kind.value,
        "event_id": "c.5",
        "instance_id": "i-1",
        "at": TEXT_OF_NOON,
        "conversation_id": "c",
        "version": 5,
        "data": data,
    }


def test_every_change_has_its_event() -> None:
    assert {kind.value for kind in ChangeType} <= {kind.value for kind in EventType}


def test_changes_stand_for_what_was_missed(events: EventEncoder) -> None:
    event = json.loads(events.conversation_changes(CONVERSATION, [MESSAGE], since=2))

    assert (event["type"], event["version"], event["event_id"]) == (
        "conversation.changes",
        5,
        "c.5",
    )
    assert event["data"] == {
        "since": 2,
        "messages": [MESSAGE_DATA],
        "conversation": CONVERSATION_DATA,
    }


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "message.created"),
        ({"edited_at": NOON}, "message.updated"),
        ({"edited_at": NOON, "deleted_at": NOON, "text": None}, "message.deleted"),
        ({"created_version": 5}, "message.created"),
        ({"created_version": 4}, "message.updated"),
        ({"created_version": 4, "edited_at": NOON}, "message.updated"),
        ({"created_version": 4, "deleted_at": NOON, "text": None}, "message.deleted"),
    ],
)
def test_a_message_as_it_stands(events: EventEncoder, changed: dict[str, Any], kind: str) -> None:
    """Who missed how it came is shown what it is: new only where nothing has changed it. Messages
    of earlier releases have no `created_version`."""
    event = json.loads(events.message_state(replace(MESSAGE, **changed), pinned_count=2))

    assert (event["type"], event["version"], event["at"]) == (kind, 5, TEXT_OF_NOON)


def test_soft_events_have_ids_of_their_own_and_no_version(events: EventEncoder) -> None:
    frames = [
        events.conversation_added(CONVERSATION),
        events.conversation_removed("c"),
        events.resync("c"),
        events.receipt_updated("c", ReadPosition(user_id="bob", read_seq=2, delivered_seq=3)),
        events.typing("c", "bob", typing=True, expires_at=NOON),
        events.soft(EventType.HEARTBEAT, {}),
    ]
    decoded = [json.loads(frame) for frame in frames]

    assert len({event["event_id"] for event in decoded}) == len(frames)
    for event in decoded:
        assert "version" not in event
        assert event["instance_id"] == "i-1"
        age = datetime.now(UTC) - datetime.fromisoformat(event["at"])
        assert timedelta(0) <= age < timedelta(minutes=1)
    assert [event["data"] for event in decoded[:3]] == [
        {"conversation": CONVERSATION_DATA},
        {"conversation_id": "c"},
        {"conversation_id": "c"},
    ]
    assert [event.get("conversation_id") for event in decoded] == ["c"] * 5 + [None]


def test_receipts(events: EventEncoder) -> None:
    """The unread count and the mark are on one's own sockets only."""
    flags = OwnFlags(marked_unread=1, marked_read_seq=2)
    position = ReadPosition(user_id="bob", read_seq=2, delivered_seq=3, flags=flags)
    data = {"user_id": "bob", "read_seq": 2, "delivered_seq": 3}

    others = json.loads(events.receipt_updated("c", position))
    own = json.loads(events.own_receipt_updated("c", position, unread_count=7))

    assert others["type"] == own["type"] == "receipt.updated"
    assert others["data"] == data
    assert own["data"] == {**data, "unread_count": 7, "marked_unread": 1}


@pytest.mark.parametrize(("typing", "kind"), [(True, "typing.started"), (False, "typing.stopped")])
def test_typing(events: EventEncoder, typing: bool, kind: str) -> None:
    event = json.loads(events.typing("c", "bob", typing=typing, expires_at=NOON))

    assert (event["type"], event["data"]) == (kind, {"user_id": "bob", "expires_at": TEXT_OF_NOON})


@pytest.mark.parametrize(("people", "listed"), [(50, True), (51, False)])
def test_large_conversations_do_not_list_their_people(
    events: EventEncoder, people: int, listed: bool
) -> None:
    """An event goes to everybody: a thousand people a thousand times is too much."""
    crowd = {f"u{n}": replace(ANN, user_id=f"u{n}") for n in range(people)}

    event = json.loads(events.conversation_added(replace(CONVERSATION, participants=crowd)))

    assert (event["data"]["conversation"]["participants"] is not None) is listed
    assert event["data"]["conversation"]["participant_count"] == people


def test_times_are_utc_with_milliseconds(events: EventEncoder) -> None:
    """Whatever zone and precision they come in."""
    moment = datetime.fromisoformat("2026-01-31T14:00:00.123999+02:00")
    change = Change(type=ChangeType.MESSAGE_CREATED, version=5, by="ann", message=MESSAGE)

    assert json.loads(events.change("c", change, moment))["at"] == "2026-01-31T12:00:00.123Z"
