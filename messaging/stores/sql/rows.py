"""Converts the SQL store's rows to entities and back, and places in a list to cursors."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.fields.codec import (
    ATTRIBUTE,
    Attribute,
    Conversions,
    reader,
    types_of,
    writer,
)
from messaging.domain.fields.plain import (
    Data,
    attachments_data,
    attachments_of,
    reactions_data,
    reactions_of,
)
from messaging.domain.identifiers import is_stored_id
from messaging.domain.message import Attachment, Message, ReactionSummary
from messaging.domain.participant import OwnFlags, Participant, Preferences, ReadPosition
from messaging.domain.uncounted import Uncounted
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ReadPositionRecord,
)
from messaging.stores.conversations import InvalidCursor
from messaging.stores.shared.stored_enums import conversion_to

EARLIER_TEXTS = "earlier_texts"
"""The column of a message's row that only edits read and write."""
MESSAGE_COLUMNS = [
    field.name
    for field in MessageRecord._meta.concrete_fields
    if not field.primary_key and field.name != EARLIER_TEXTS
]
"""The columns that replacing a message writes."""

_MAX_CURSOR_LENGTH = 200


def _aware(text: str) -> datetime:
    """Return the time in UTC. SQLite stores times in UTC without a zone; PostgreSQL returns them in
    the connection's zone, which Django sets to UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _value(_: object) -> Attribute:
    return Attribute("value")


_PLAIN: Mapping[Any, None] = {str: None, int: None, bool: None}
_IN_JSON = Conversions(types={**_PLAIN, datetime: datetime.isoformat}, enumeration=_value)
_FROM_JSON = Conversions(
    types={**_PLAIN, datetime: datetime.fromisoformat}, enumeration=conversion_to
)

preferences_json = writer(Preferences, _IN_JSON)
"""Returns a person's settings as they are stored."""
preferences = reader(Preferences, _FROM_JSON, absent=KeyError)
"""Returns a person's settings from the stored ones."""


def _all_preferences_json(everybody: Mapping[str, Preferences]) -> dict[str, Any]:
    return {user_id: preferences_json(own) for user_id, own in everybody.items()}


def _all_preferences(stored: Mapping[str, Any]) -> dict[str, Preferences]:
    return {user_id: preferences(own) for user_id, own in stored.items()}


def _attachments(attachments: tuple[Attachment, ...]) -> list[Data] | None:
    return attachments_data(attachments) if attachments else None


def _reactions(reactions: Mapping[str, ReactionSummary]) -> Data | None:
    return reactions_data(reactions) if reactions else None


WRITTEN = Conversions(
    types={
        **_PLAIN,
        datetime: None,
        tuple[str, ...]: list,
        frozenset[str]: sorted,
        Mapping[str, int]: dict,
        Mapping[str, Preferences]: _all_preferences_json,
        Uncounted: Attribute("encoded"),
        tuple[Attachment, ...]: _attachments,
        Mapping[str, ReactionSummary]: _reactions,
    },
    enumeration=_value,
)
READ = Conversions(
    types={
        **_PLAIN,
        datetime: None,
        tuple[str, ...]: tuple,
        frozenset[str]: frozenset,
        Mapping[str, int]: None,
        Mapping[str, Preferences]: _all_preferences,
        Uncounted: Uncounted,
        tuple[Attachment, ...]: attachments_of,
        Mapping[str, ReactionSummary]: reactions_of,
    },
    enumeration=conversion_to,
)
READ_JSON = Conversions(
    types={**READ.types, bool: bool, datetime: _aware}, enumeration=READ.enumeration
)

COMPUTED: Mapping[str, Callable[[Conversation], Any]] = {
    "participant_count": lambda conversation: len(conversation.participants),
    "counted_commit_id": attrgetter("commit_id"),
}
"""The columns of a conversation that are no fields of it."""
conversation_columns = writer(
    Conversation,
    WRITTEN,
    without=("id", "participants", "last_message", "token", "counted"),
    computed=COMPUTED,
)
"""Returns the columns of a conversation's own row, except `id` and `revision`."""
message_record = writer(Message, WRITTEN, build=MessageRecord)
message = reader(Message, READ, source=ATTRIBUTE)
"""Returns the message of a MessageRecord."""
message_of_json = reader(Message, READ_JSON)
"""Returns the message of a row whose columns are an object of JSON."""
_conversation = reader(
    Conversation,
    READ,
    source=ATTRIBUTE,
    given=("participants", "last_message", "token"),
    without=("counted",),
)
listed_conversation = reader(
    ListedConversation,
    READ,
    source=ATTRIBUTE,
    given=(
        "participants",
        "participant_count",
        "last_message",
        "own",
        "sent_seq",
        "mentioned_seq",
        "preferences",
        "blocked",
    ),
)


def conversation(
    record: ConversationRecord, participants: Mapping[str, Participant], last: Message | None
) -> Conversation:
    require_times(record)
    return _conversation(record, participants, last, record.revision)


def require_times(record: ConversationRecord) -> None:
    """Raise ValueError if a time of the row cannot be read: Django returns None for a text of
    SQLite that is no time."""
    if record.created_at is None or record.updated_at is None or record.active_at is None:
        raise ValueError("A stored time is not a time.")


PARTICIPANT_FIELDS = (
    "conversation_id",
    "user_id",
    "role",
    "joined_version",
    "position",
    "visible_from",
)


def participant_rows(
    conversation_id: str, participants: Iterable[Participant], *, first_position: int = 0
) -> Iterator[tuple[Any, ...]]:
    """Yield rows of `PARTICIPANT_FIELDS`."""
    for position, one in enumerate(participants, first_position):
        role = one.role.value
        yield conversation_id, one.user_id, role, one.joined_version, position, one.visible_from


POSITION_FIELDS = (
    "conversation_id",
    "user_id",
    "read_seq",
    "delivered_seq",
    "updated_at",
    *types_of(OwnFlags),
)


def position_rows(
    conversation_id: str, positions: Iterable[ReadPosition], *, updated_at: datetime | str
) -> Iterator[tuple[Any, ...]]:
    """Yield rows of `POSITION_FIELDS`."""
    for one in positions:
        row = (conversation_id, one.user_id, one.read_seq, one.delivered_seq, updated_at)
        yield *row, *own_flags_columns(one.flags).values()


own_flags_columns = writer(OwnFlags, WRITTEN)
_own_flags = reader(OwnFlags, READ, source=ATTRIBUTE)
_own_flags_of_row = reader(OwnFlags, READ_JSON)


def own_flags(*row: Any) -> OwnFlags:
    """Return the flags of their columns, in the order of the fields."""
    return _own_flags_of_row(dict(zip(types_of(OwnFlags), row, strict=True)))


def read_position(record: ReadPositionRecord) -> ReadPosition:
    return ReadPosition(
        user_id=record.user_id,
        read_seq=record.read_seq,
        delivered_seq=record.delivered_seq,
        flags=_own_flags(record),
    )


def preferences_of(found: str | None) -> Mapping[str, Any] | None:
    """Return one person's stored settings from the JSON of them."""
    return None if found is None else json.loads(found)


def encode_cursor(last: tuple[datetime, str] | None) -> str | None:
    """Return the cursor of a full page. `last`: `active_at` and `id` of the conversation that ends
    it."""
    if last is None:
        return None
    active_at, conversation_id = last
    place = json.dumps([active_at.isoformat(), conversation_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Return `active_at` and `id` of the conversation that ended the page. Raises InvalidCursor."""
    if len(cursor) > _MAX_CURSOR_LENGTH:
        # A deeply nested document would overflow the stack of the JSON parser.
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
