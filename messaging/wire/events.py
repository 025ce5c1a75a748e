"""The catalogue of events: every event of the socket, and its JSON.

An event is encoded once, where it is created, and passed unchanged to every socket. Durable events
carry the `version` they lead to; soft events are never replayed.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.own.state import current_mark
from messaging.domain.participant import OwnFlags, Preferences, ReadPosition
from messaging.domain.people import PersonPresence
from messaging.wire.representations import (
    conversation_data,
    message_data,
    participant_data,
    preferences_data,
    presence_data,
    read_position_data,
    timestamp,
)


class EventType(StrEnum):
    # durable
    MESSAGE_CREATED = "message.created"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_DELETED = "message.deleted"
    REACTION_UPDATED = "reaction.updated"
    CONVERSATION_UPDATED = "conversation.updated"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"
    CONVERSATION_CHANGES = "conversation.changes"
    # soft
    RECEIPT_UPDATED = "receipt.updated"
    PREFERENCES_UPDATED = "preferences.updated"
    TYPING_STARTED = "typing.started"
    TYPING_STOPPED = "typing.stopped"
    PRESENCE_CHANGED = "presence.changed"
    CONVERSATION_ADDED = "conversation.added"
    CONVERSATION_REMOVED = "conversation.removed"
    # the session
    HELLO = "hello"
    HEARTBEAT = "heartbeat"
    RESYNC = "resync"
    DEGRADED = "degraded"
    RESTORED = "restored"
    AUTH_EXPIRING = "auth.expiring"
    DRAINING = "draining"


class EventEncoder:
    """Encodes the text frames of one instance's events."""

    def __init__(self, instance_id: str, boot_id: str) -> None:
        self.instance_id = instance_id
        self._soft_ids = (f"{boot_id}.{number}" for number in itertools.count(1))

    def change(
        self, conversation_id: str, change: Change, at: datetime, *, visible_from: int = 1
    ) -> str:
        """Return the event of a change, for people who may see messages from `visible_from` on."""
        data: dict[str, Any]
        if change.message is not None:
            data = {"message": message_data(change.message)}
            if change.pinned_count is not None:
                data["pinned_count"] = change.pinned_count
            if change.reaction is not None:
                reaction = change.reaction
                data |= {"by": change.by, "emoji": reaction.emoji, "added": reaction.added}
        elif change.participants:
            people = [participant_data(person) for person in change.participants]
            data = {"participants": people, "by": change.by}
        else:
            assert change.conversation is not None
            seen = conversation_data(change.conversation, visible_from=visible_from)
            data = {"conversation": seen}
        return self._durable(EventType(change.type), conversation_id, change.version, data, at)

    def message_state(self, message: Message, *, pinned_count: int) -> str:
        """Return the event with the present state of a message, for a client that missed earlier
        events. It is `message.created` only if the message has not changed since it was sent.
        `pinned_count`: the conversation's present one, which any other event may have changed."""
        if message.version == message.first_version:
            kind, at = ChangeType.MESSAGE_CREATED, message.created_at
        elif message.deleted_at is not None:
            kind, at = ChangeType.MESSAGE_DELETED, message.deleted_at
        else:
            kind, at = ChangeType.MESSAGE_UPDATED, message.edited_at or message.created_at
        change = Change(
            type=kind,
            version=message.version,
            message=message,
            by=message.sender_id,
            pinned_count=None if kind is ChangeType.MESSAGE_CREATED else pinned_count,
        )
        return self.change(message.conversation_id, change, at)

    def conversation_changes(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        *,
        since: int,
        visible_from: int = 1,
    ) -> str:
        """Return the event for all changes from since+1 to the conversation's version, for people
        who may see messages from `visible_from` on, and all of these."""
        data = {
            "since": since,
            "messages": [message_data(message) for message in messages],
            "conversation": conversation_data(conversation, visible_from=visible_from),
        }
        return self._durable(
            EventType.CONVERSATION_CHANGES,
            conversation.id,
            conversation.version,
            data,
            conversation.updated_at,
        )

    def conversation_added(self, conversation: Conversation, *, visible_from: int = 1) -> str:
        data = {"conversation": conversation_data(conversation, visible_from=visible_from)}
        return self.soft(EventType.CONVERSATION_ADDED, data, conversation_id=conversation.id)

    def conversation_removed(self, conversation_id: str) -> str:
        data = {"conversation_id": conversation_id}
        return self.soft(EventType.CONVERSATION_REMOVED, data, conversation_id=conversation_id)

    def resync(self, conversation_id: str) -> str:
        data = {"conversation_id": conversation_id}
        return self.soft(EventType.RESYNC, data, conversation_id=conversation_id)

    def draining(self, retry_after: float) -> str:
        """Return `draining`. `retry_after` is the seconds after which to reconnect elsewhere."""
        return self.soft(EventType.DRAINING, {"retry_after": retry_after})

    def auth_expiring(self, expires_at: datetime) -> str:
        """Return `auth.expiring`. `expires_at` is the deadline for a fresh token."""
        return self.soft(EventType.AUTH_EXPIRING, {"expires_at": timestamp(expires_at)})

    def receipt_updated(self, conversation_id: str, position: ReadPosition) -> str:
        data = read_position_data(position)
        return self.soft(EventType.RECEIPT_UPDATED, data, conversation_id=conversation_id)

    def own_receipt_updated(
        self, conversation_id: str, position: ReadPosition, *, unread_count: int
    ) -> str:
        """Return the event for the sockets of the person themselves."""
        data = read_position_data(position) | {
            "unread_count": unread_count,
            "marked_unread": current_mark(position.flags, position.read_seq),
        }
        return self.soft(EventType.RECEIPT_UPDATED, data, conversation_id=conversation_id)

    def preferences_updated(
        self, conversation_id: str, preferences: Preferences, flags: OwnFlags, *, archived: bool
    ) -> str:
        """Return the event for the sockets of the person whose settings these are."""
        data = {
            "conversation_id": conversation_id,
            "preferences": preferences_data(preferences, flags, archived=archived),
        }
        return self.soft(EventType.PREFERENCES_UPDATED, data, conversation_id=conversation_id)

    def typing(
        self, conversation_id: str, user_id: str, *, typing: bool, expires_at: datetime
    ) -> str:
        data = {"user_id": user_id, "expires_at": timestamp(expires_at)}
        kind = EventType.TYPING_STARTED if typing else EventType.TYPING_STOPPED
        return self.soft(kind, data, conversation_id=conversation_id)

    def presence_changed(self, person: PersonPresence) -> str:
        return self.soft(EventType.PRESENCE_CHANGED, presence_data(person))

    def soft(
        self, kind: EventType, data: dict[str, Any], *, conversation_id: str | None = None
    ) -> str:
        event: dict[str, Any] = {
            "type": kind.value,
            "event_id": next(self._soft_ids),
            "instance_id": self.instance_id,
            "at": timestamp(datetime.now(UTC)),
        }
        if conversation_id is not None:
            event["conversation_id"] = conversation_id
        event["data"] = data
        return orjson.dumps(event).decode()

    def _durable(
        self,
        kind: EventType,
        conversation_id: str,
        version: int,
        data: dict[str, Any],
        at: datetime,
    ) -> str:
        event = {
            "type": kind.value,
            "event_id": f"{conversation_id}.{version}",
            "instance_id": self.instance_id,
            "at": timestamp(at),
            "conversation_id": conversation_id,
            "version": version,
            "data": data,
        }
        return orjson.dumps(event).decode()
