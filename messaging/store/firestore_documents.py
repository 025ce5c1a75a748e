"""Conversations, messages and read positions as Firestore documents, and back.

conversations/{id}                          the conversation, with a copy of its latest message
conversations/{id}/messages/{id}            its messages
conversations/{id}/participants/{user_id}   how far everybody has read
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentSnapshot

from messaging.entities import (
    COMMIT_TIME,
    Conversation,
    ConversationKind,
    Message,
    Notify,
    Participant,
    Preferences,
    ReadPosition,
    Role,
)
from messaging.identifiers import is_stored_id
from messaging.store.base import InvalidCursor

Fields = dict[str, Any]

_SHARDS = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def new_conversation(conversation: Conversation) -> Fields:
    """All fields of a conversation that is not stored yet."""
    fields: Fields = {
        "shard": zlib.crc32(conversation.id.encode()) % _SHARDS,
        "updated_at": SERVER_TIMESTAMP,
    }
    for attribute, written in _WRITTEN.items():
        fields |= written(getattr(conversation, attribute))
    return fields


def changed_conversation(before: Conversation, after: Conversation) -> Fields:
    """The fields in which `after` differs, each as a whole: what is left out stays as it is."""
    fields: Fields = {"updated_at": SERVER_TIMESTAMP}
    for attribute, written in _WRITTEN.items():
        value = getattr(after, attribute)
        if value != getattr(before, attribute):
            fields |= written(value)
    return fields


def read_conversation(snapshot: DocumentSnapshot) -> Conversation:
    fields: Fields = snapshot.to_dict()
    last_message = fields["last_message"]
    return Conversation(
        id=snapshot.id,
        kind=ConversationKind(fields["kind"]),
        title=fields["title"],
        participants={
            # A map has no order of its own; the array keeps it.
            user_id: _read_participant(user_id, fields["roles"][user_id])
            for user_id in fields["participant_ids"]
        },
        created_at=plain_time(fields["created_at"]),
        updated_at=plain_time(fields["updated_at"]),
        active_at=plain_time(fields["active_at"]),
        seq=fields["seq"],
        version=fields["version"],
        last_message=last_message and _read_message(last_message["id"], snapshot.id, last_message),
        sent_seq=fields["sent_seq"],
        preferences={
            user_id: _read_preferences(stored) for user_id, stored in fields["preferences"].items()
        },
        content_hash=fields["content_hash"],
        token=snapshot.update_time,
    )


def message(message: Message) -> Fields:
    return {
        "seq": message.seq,
        "version": message.version,
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "text": message.text,
        "reply_to": message.reply_to,
        "mentions": list(message.mentions),
        "created_at": _written_time(message.created_at),
        "edited_at": message.edited_at and _written_time(message.edited_at),
        "deleted_at": message.deleted_at and _written_time(message.deleted_at),
        "content_hash": message.content_hash,
    }


def read_message(snapshot: DocumentSnapshot) -> Message:
    return _read_message(snapshot.id, snapshot.reference.parent.parent.id, snapshot.to_dict())


def position(position: ReadPosition) -> Fields:
    return {
        "user_id": position.user_id,
        "read_seq": position.read_seq,
        "delivered_seq": position.delivered_seq,
    }


def new_position(added: ReadPosition) -> Fields:
    """Of somebody who is added, and starts reading here."""
    return {**position(added), "joined_seq": added.read_seq}


def read_position(snapshot: DocumentSnapshot) -> ReadPosition:
    fields: Fields = snapshot.to_dict()
    return ReadPosition(
        user_id=snapshot.id,
        read_seq=fields["read_seq"],
        delivered_seq=fields["delivered_seq"],
    )


def preferences(preferences: Preferences) -> Fields:
    return {"muted_until": preferences.muted_until, "notify": preferences.notify.value}


def cursor_after(conversation: Conversation) -> str:
    """Where a page of conversations that ends with this one is continued."""
    micros = (conversation.active_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(json.dumps([micros, conversation.id]).encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The `active_at` and the id of a page's last conversation. Raises InvalidCursor."""
    try:
        micros, conversation_id = json.loads(base64.urlsafe_b64decode(cursor))
        if not is_stored_id(conversation_id):
            raise InvalidCursor
        return _EPOCH + micros * _MICROSECOND, conversation_id
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor from error


def plain_time(stored: datetime) -> datetime:
    """The client's times are of a subclass with nanoseconds, which serializers do not know."""
    return datetime.combine(stored.date(), stored.time(), UTC)


def _written_time(moment: datetime) -> Any:
    return SERVER_TIMESTAMP if moment is COMMIT_TIME else moment


def _last_message(last: Message | None) -> Fields | None:
    return None if last is None else {"id": last.id, **message(last)}


def _participants(participants: Mapping[str, Participant]) -> Fields:
    return {
        "participant_ids": list(participants),
        "roles": {
            participant.user_id: {
                "role": participant.role.value,
                "joined_version": participant.joined_version,
            }
            for participant in participants.values()
        },
    }


_WRITTEN: Mapping[str, Callable[[Any], Fields]] = {
    "kind": lambda kind: {"kind": kind.value},
    "title": lambda title: {"title": title},
    "participants": _participants,
    "created_at": lambda moment: {"created_at": _written_time(moment)},
    "active_at": lambda moment: {"active_at": _written_time(moment)},
    "seq": lambda seq: {"seq": seq},
    "version": lambda version: {"version": version},
    "last_message": lambda last: {"last_message": _last_message(last)},
    "sent_seq": lambda sent_seq: {"sent_seq": dict(sent_seq)},
    "preferences": lambda preferences_: {
        "preferences": {user_id: preferences(own) for user_id, own in preferences_.items()}
    },
    "content_hash": lambda content_hash: {"content_hash": content_hash},
}
"""For each attribute of a conversation the fields that hold it."""


def _read_participant(user_id: str, stored: Fields) -> Participant:
    return Participant(
        user_id=user_id, role=Role(stored["role"]), joined_version=stored["joined_version"]
    )


def _read_preferences(stored: Fields) -> Preferences:
    muted_until = stored["muted_until"]
    return Preferences(
        muted_until=muted_until and plain_time(muted_until), notify=Notify(stored["notify"])
    )


def _read_message(message_id: str, conversation_id: str, fields: Fields) -> Message:
    edited_at, deleted_at = fields["edited_at"], fields["deleted_at"]
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        seq=fields["seq"],
        version=fields["version"],
        sender_id=fields["sender_id"],
        client_id=fields["client_id"],
        text=fields["text"],
        reply_to=fields["reply_to"],
        mentions=tuple(fields["mentions"]),
        created_at=plain_time(fields["created_at"]),
        edited_at=edited_at and plain_time(edited_at),
        deleted_at=deleted_at and plain_time(deleted_at),
        content_hash=fields["content_hash"],
    )
