"""Turns answers of services into JSON, on top of the core's representations."""

from typing import Any

from messaging.domain.conversation import Conversation
from messaging.domain.participant import OwnFlags, Preferences
from messaging.services.account.conversation_preferences import OwnSettings
from messaging.services.account.own_changes import OwnChanges
from messaging.services.back_end.messages import Versions
from messaging.services.operators.delivery_outcomes import PersonDelivery
from messaging.services.receipts import ReadReceipt
from messaging.services.sync import Changes
from messaging.services.unread_marks import UnreadMark
from messaging.wire.representations import (
    conversation_data,
    optional_timestamp,
    personal_conversation_data,
    personal_message_data,
    preferences_data,
    timestamp,
)


def service_conversation_data(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation with all its participants for a service account, which is not in it:
    nothing is unread, muted or hidden."""
    return conversation_data(conversation, everybody=True) | {
        "unread_count": 0,
        "read_seq": 0,
        "mentioned_seq": None,
        "marked_unread": None,
        "visible_from": 1,
        **preferences_data(Preferences(), OwnFlags(), archived=False),
    }


def versions_data(versions: Versions) -> dict[str, Any]:
    return {
        "items": [
            {"text": one.text, "written_at": optional_timestamp(one.written_at)}
            for one in versions.items
        ]
    }


def changes_data(changes: Changes) -> dict[str, Any]:
    conversation = None
    if changes.conversation is not None and changes.position is not None:
        conversation = personal_conversation_data(changes.conversation, changes.position)
    return {
        "status": changes.status.value,
        "messages": [
            personal_message_data(message, changes.own_reactions[message.id])
            for message in changes.messages
        ],
        "conversation": conversation,
        "version": changes.version,
        "more": changes.more,
    }


def receipt_data(receipt: ReadReceipt) -> dict[str, Any]:
    return {"read_seq": receipt.read_seq, "unread_count": receipt.unread_count}


def unread_mark_data(mark: UnreadMark) -> dict[str, Any]:
    return {
        "marked_unread": mark.seq,
        "read_seq": mark.read_seq,
        "unread_count": mark.unread_count,
    }


def own_settings_data(settings: OwnSettings) -> dict[str, Any]:
    return preferences_data(settings.preferences, settings.flags, archived=settings.archived)


def own_changes_data(changes: OwnChanges) -> dict[str, Any]:
    return {
        "items": [
            {
                "conversation_id": one.conversation_id,
                "read_seq": one.read_seq,
                "unread_count": one.unread_count,
                "marked_unread": one.marked_unread,
                "preferences": own_settings_data(one.settings),
            }
            for one in changes.items
        ],
        "at": timestamp(changes.at),
        "truncated": changes.truncated,
    }


def delivery_data(delivery: PersonDelivery) -> dict[str, Any]:
    return {
        "user_id": delivery.user_id,
        "state": delivery.state.value,
        "delivered": delivery.delivered,
        "read": delivery.read,
        "push": {
            "verdict": delivery.verdict.value,
            "reason": delivery.reason,
            "at": optional_timestamp(delivery.at),
            "devices": dict(delivery.devices),
        },
    }
