"""The SQL store's rows as entities: what it reads, and how an entity becomes a row."""

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.transaction import atomic

from messaging.entities import (
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
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.store.base import InvalidCursor, Page

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
        "content_hash": conversation.content_hash,
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
    conversation_id: str, positions: Iterable[ReadPosition]
) -> list[ReadPositionRecord]:
    return [
        ReadPositionRecord(
            conversation_id=conversation_id,
            user_id=position.user_id,
            read_seq=position.read_seq,
            delivered_seq=position.delivered_seq,
        )
        for position in positions
    ]


def message_record(message: Message) -> MessageRecord:
    return MessageRecord(id=message.id, **message_columns(message))


def message_columns(message: Message) -> dict[str, Any]:
    """All that its row keeps, except `id`."""
    return {
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "version": message.version,
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "text": message.text,
        "reply_to": message.reply_to,
        "mentions": list(message.mentions),
        "created_at": message.created_at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "content_hash": message.content_hash,
    }


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
    )


def read_position(record: ReadPositionRecord) -> ReadPosition:
    return ReadPosition(
        user_id=record.user_id, read_seq=record.read_seq, delivered_seq=record.delivered_seq
    )


def ping() -> None:
    ConversationRecord.objects.exists()


def get_conversation(conversation_id: str) -> Conversation | None:
    with _snapshot():
        found = _conversations(list(ConversationRecord.objects.filter(id=conversation_id)))
    return found[0] if found else None


def list_conversations(user_id: str, limit: int, after: tuple[datetime, str] | None) -> Page:
    listed = ConversationRecord.objects.filter(participants__user_id=user_id)
    if after is not None:
        active_at, conversation_id = after
        listed = listed.filter(
            Q(active_at__lt=active_at) | Q(active_at=active_at, id__lt=conversation_id)
        )
    with _snapshot():
        # One more than asked for tells whether there is a next page.
        records = list(listed.order_by("-active_at", "-id")[: limit + 1])
        page = _conversations(records[:limit])
    more = len(records) > limit
    return Page(conversations=page, next_cursor=_encoded_cursor(page[-1]) if more else None)


def list_messages(records: QuerySet[MessageRecord]) -> list[Message]:
    return [message(record) for record in records]


def list_read_positions(conversation_id: str) -> list[ReadPosition]:
    records = ReadPositionRecord.objects.filter(conversation_id=conversation_id)
    return [read_position(record) for record in records.order_by("user_id")]


def get_read_positions(user_id: str, conversation_ids: Sequence[str]) -> dict[str, ReadPosition]:
    records = ReadPositionRecord.objects.filter(
        user_id=user_id, conversation_id__in=conversation_ids
    )
    return {record.conversation_id: read_position(record) for record in records}


@contextmanager
def _snapshot() -> Iterator[None]:
    """Several queries that see the database at one and the same moment."""
    if connection.vendor == "sqlite":
        # Not `atomic`, which begins IMMEDIATE here: a reader would wait for the writer.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _conversations(records: Sequence[ConversationRecord]) -> list[Conversation]:
    """The conversations of these rows, in two more queries however many they are.

    They must run in the same snapshot as the query of the rows: a commit in between would tear
    a conversation apart from its participants.
    """
    if not records:
        return []
    ids = [record.id for record in records]
    participants = _participants(ids)
    last_messages = _last_messages(ids)
    return [
        _conversation(record, participants[record.id], last_messages.get(record.id))
        for record in records
    ]


def _conversation(
    record: ConversationRecord, participants: Mapping[str, Participant], last: Message | None
) -> Conversation:
    return Conversation(
        id=record.id,
        kind=ConversationKind(record.kind),
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
            user_id: _preferences(stored) for user_id, stored in record.preferences.items()
        },
        content_hash=record.content_hash,
        token=record.revision,
    )


def _preferences(stored: Mapping[str, Any]) -> Preferences:
    muted_until = stored["muted_until"]
    return Preferences(
        muted_until=datetime.fromisoformat(muted_until) if muted_until else None,
        notify=Notify(stored["notify"]),
    )


def _participants(conversation_ids: Sequence[str]) -> Mapping[str, dict[str, Participant]]:
    # Tuples and not model instances: a page of large groups is tens of thousands of rows.
    rows = (
        ParticipantRecord.objects.filter(conversation_id__in=conversation_ids)
        .order_by("conversation_id", "position")
        .values_list("conversation_id", "user_id", "role", "joined_version")
    )
    found: defaultdict[str, dict[str, Participant]] = defaultdict(dict)
    for conversation_id, user_id, role, joined_version in rows:
        found[conversation_id][user_id] = Participant(
            user_id=user_id, role=Role(role), joined_version=joined_version
        )
    return found


def _last_messages(conversation_ids: Sequence[str]) -> dict[str, Message]:
    records = MessageRecord.objects.filter(
        conversation_id__in=conversation_ids, seq=F("conversation__seq")
    )
    return {record.conversation_id: message(record) for record in records}


def _encoded_cursor(conversation: Conversation) -> str:
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
