"""The SQL store's rows as entities, entities as rows, and a place in a list as a cursor."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from messaging.domain.conversation import Conversation, ConversationKind, ListedConversation
from messaging.domain.identifiers import is_stored_id
from messaging.domain.message import Message
from messaging.domain.participant import Notify, Participant, Preferences, ReadPosition
from messaging.domain.uncounted import Uncounted
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.stores.conversations import InvalidCursor
from messaging.stores.stored_enums import member_of

MESSAGE_COLUMNS = [
    field.name
    for field in MessageRecord._meta.concrete_fields  # noqa: SLF001  Django documents it
    if not field.primary_key
]
"""What replacing a message writes anew."""

_LONGEST_CURSOR = 200


def conversation_columns(conversation: Conversation) -> dict[str, Any]:
    """What its own row keeps, except `id` and `revision`."""
    return {
        "kind": conversation.kind.value,
        "title": conversation.title,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "active_at": conversation.active_at,
        "seq": conversation.seq,
        "version": conversation.version,
        "sent_seq": dict(conversation.sent_seq),
        "preferences": {
            user_id: preferences_json(preferences)
            for user_id, preferences in conversation.preferences.items()
        },
        "blocked_by": sorted(conversation.blocked_by),
        "frozen": conversation.frozen,
        "uncounted": conversation.uncounted.encoded,
        "content_hash": conversation.content_hash,
        "commit_id": conversation.commit_id,
        "participant_count": len(conversation.participants),
        "counted_commit_id": conversation.commit_id,
    }


def preferences_json(preferences: Preferences) -> dict[str, str | None]:
    muted_until = preferences.muted_until
    return {
        "muted_until": muted_until.isoformat() if muted_until else None,
        "notify": preferences.notify.value,
    }


def participant_records(
    conversation_id: str, participants: Iterable[Participant], *, first_position: int = 0
) -> list[ParticipantRecord]:
    return [
        ParticipantRecord(
            conversation_id=conversation_id,
            user_id=participant.user_id,
            role=participant.role.value,
            joined_version=participant.joined_version,
            position=position,
        )
        for position, participant in enumerate(participants, first_position)
    ]


def read_position_records(
    conversation_id: str, positions: Iterable[ReadPosition], *, updated_at: datetime
) -> list[ReadPositionRecord]:
    return [
        ReadPositionRecord(
            conversation_id=conversation_id,
            user_id=position.user_id,
            read_seq=position.read_seq,
            delivered_seq=position.delivered_seq,
            updated_at=updated_at,
        )
        for position in positions
    ]


def message_record(message: Message) -> MessageRecord:
    return MessageRecord(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        version=message.version,
        sender_id=message.sender_id,
        client_id=message.client_id,
        text=message.text,
        reply_to=message.reply_to,
        mentions=list(message.mentions),
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        content_hash=message.content_hash,
        created_version=message.created_version,
    )


def message(record: MessageRecord) -> Message:
    return Message(
        id=record.id,
        conversation_id=record.conversation_id,
        seq=record.seq,
        version=record.version,
        sender_id=record.sender_id,
        client_id=record.client_id,
        text=record.text,
        reply_to=record.reply_to,
        mentions=tuple(record.mentions),
        created_at=record.created_at,
        edited_at=record.edited_at,
        deleted_at=record.deleted_at,
        content_hash=record.content_hash,
        created_version=record.created_version,
    )


def read_position(record: ReadPositionRecord) -> ReadPosition:
    return ReadPosition(
        user_id=record.user_id, read_seq=record.read_seq, delivered_seq=record.delivered_seq
    )


def conversation(
    record: ConversationRecord, participants: Mapping[str, Participant], last: Message | None
) -> Conversation:
    return Conversation(
        id=record.id,
        kind=member_of(ConversationKind, record.kind),
        title=record.title,
        participants=participants,
        created_at=record.created_at,
        updated_at=record.updated_at,
        active_at=record.active_at,
        seq=record.seq,
        version=record.version,
        last_message=last,
        sent_seq=record.sent_seq,
        preferences={
            user_id: preferences(stored) for user_id, stored in record.preferences.items()
        },
        blocked_by=frozenset(record.blocked_by),
        frozen=record.frozen,
        uncounted=Uncounted(record.uncounted),
        content_hash=record.content_hash,
        commit_id=record.commit_id,
        token=record.revision,
    )


def preferences_of(found: str | None) -> Mapping[str, Any] | None:
    """Return one person's stored settings from the JSON of them."""
    return None if found is None else json.loads(found)


def preferences(stored: Mapping[str, Any]) -> Preferences:
    muted_until = stored["muted_until"]
    return Preferences(
        muted_until=datetime.fromisoformat(muted_until) if muted_until else None,
        notify=member_of(Notify, stored["notify"]),
    )


def encoded_cursor(conversation: Conversation | ListedConversation) -> str:
    """Where a page ends that has this conversation as its last."""
    place = json.dumps([conversation.active_at.isoformat(), conversation.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decoded_cursor(cursor: str) -> tuple[datetime, str]:
    """`active_at` and `id` of the conversation that ended the page. Raises InvalidCursor."""
    if len(cursor) > _LONGEST_CURSOR:
        # Also spares the JSON parser what was nested to overflow its stack.
        raise InvalidCursor
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        active_at, conversation_id = json.loads(place)
        moment = datetime.fromisoformat(active_at)
        known = moment.utcoffset() == timedelta(0) and is_stored_id(conversation_id)
    except (ValueError, TypeError) as error:
        raise InvalidCursor from error
    if not known:
        raise InvalidCursor
    return moment, conversation_id
