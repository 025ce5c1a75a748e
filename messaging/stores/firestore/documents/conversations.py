"""A conversation's document."""

import zlib
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.fields.codec import Conversions, converters, reader, types_of
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Preferences
from messaging.domain.uncounted import Uncounted
from messaging.stores.firestore.client.requests import Database
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversions import (
    READ,
    WRITTEN,
    Fields,
    decode_preferences,
)
from messaging.stores.firestore.documents.messages import decode_last_message, encode_last_message
from messaging.stores.firestore.documents.participants import (
    count_of,
    decode_participant,
    decode_participants,
    decode_summary,
    encode_participants,
    encode_summary,
    shows_people,
)
from messaging.stores.firestore.values import ABSENT, quoted, read_token

SHARDS = 16
_NOT_OF_LISTS = (
    *("id", "participants", "participant_count", "last_message"),
    *("own", "sent_seq", "mentioned_seq", "preferences", "blocked"),
)
COUNT_FIELDS = ("participant_count", "counted_commit_id", "commit_id")
"""The fields that `count_of` needs."""
LISTED_FIELDS = (
    *(name for name in types_of(ListedConversation) if name not in _NOT_OF_LISTS),
    *("last_message", "blocked_by", "listed_people", *COUNT_FIELDS),
)
"""The fields that lists need of every conversation, except the person's own entries."""

_BY_ENTRY = ("sent_seq", "mentioned_seq")
"""Numbers by user id."""

_ENCODED = converters(
    Conversation,
    Conversions(
        types={**WRITTEN.types, Message: encode_last_message}, enumeration=WRITTEN.enumeration
    ),
    without=("id", "participants", "updated_at", "token", "counted"),
)
_decode = reader(
    Conversation,
    READ,
    given=("id", "participants", "last_message", "token", "counted"),
    absent=ABSENT,
)
_decode_listed = reader(ListedConversation, READ, given=_NOT_OF_LISTS, absent=ABSENT)


def conversation_name(database: Database, conversation_id: str) -> str:
    """Return the name of a conversation's document."""
    return database.document("conversations", conversation_id)


def new_conversation(conversation: Conversation) -> Fields:
    """Return all fields of a conversation that is not stored yet."""
    return {
        "shard": zlib.crc32(conversation.id.encode()) % SHARDS,
        "updated_at": COMMIT_TIME,
        **{name: encode(getattr(conversation, name)) for name, encode in _ENCODED.items()},
        "counted_commit_id": conversation.commit_id,
        **encode_participants(conversation.participants),
        **encode_summary(conversation.participants),
    }


def changed_conversation(before: Conversation, after: Conversation) -> tuple[Fields, list[str]]:
    """Return the fields in which `after` differs, and the mask of the update. Fields outside the
    mask stay unchanged.

    A field is replaced as a whole. Only the maps that change with sends are updated entry by
    entry.
    """
    fields: Fields = {}
    for name, encode in _ENCODED.items():
        value, old = getattr(after, name), getattr(before, name)
        if value is not old and value != old:
            fields[name] = encode(value)
    if "commit_id" in fields:
        fields["counted_commit_id"] = after.commit_id
    people, old_people = after.participants, before.participants
    moved = people is not old_people and people != old_people
    if moved:
        fields |= encode_participants(people)
    if moved or not before.counted:
        fields |= encode_summary(people)
    # A field that the server sets is not in the mask.
    mask = [name for name, value in fields.items() if value is not COMMIT_TIME]
    for name in _BY_ENTRY:
        if name in fields:
            old_entries, entries = getattr(before, name), getattr(after, name)
            moved_entries = {
                id_: seq for id_, seq in entries.items() if old_entries.get(id_) != seq
            }
            fields[name] = moved_entries
            mask.remove(name)
            gone = old_entries.keys() - entries
            mask += [f"{name}.{quoted(id_)}" for id_ in (*moved_entries, *gone)]
    fields["updated_at"] = COMMIT_TIME
    return fields, mask


def decode_conversation(document: Any) -> Conversation:
    id_, fields = id_of(document), document.fields
    return _decode(
        fields,
        id_,
        decode_participants(fields),
        decode_last_message(id_, fields["last_message"]),
        read_token(document.update_time),
        count_of(document) is not None,
    )


def decode_listed(document: Any, user_id: str, people: int) -> ListedConversation | None:
    """Return one person's view of a conversation, from a document that `shows_people` or a whole
    one. Up to `people` are listed. None if that person is not in it."""
    id_, fields = id_of(document), document.fields
    roles = fields["roles"].map_value.fields
    if user_id not in roles:
        return None
    count = count_of(document)
    if count is None or (count <= people and not shows_people(document, people)):
        everybody: dict[str, Participant] = decode_participants(fields)
        count = len(everybody)
    else:
        everybody = decode_summary(fields["listed_people"]) if count <= people else {}
    return _decode_listed(
        fields,
        id=id_,
        participants=everybody if count <= people else None,
        participant_count=count,
        last_message=decode_last_message(id_, fields["last_message"]),
        own=decode_participant(user_id, roles[user_id].map_value.fields),
        sent_seq=own_number(document, "sent_seq", user_id),
        mentioned_seq=own_number(document, "mentioned_seq", user_id),
        preferences=own_preferences(document, user_id),
        blocked=bool(fields["blocked_by"].map_value.fields),
    )


def own_number(document: Any, name: str, user_id: str) -> int:
    """Return one person's entry in a map of numbers; 0 if there is none."""
    entries = document.fields[name].map_value.fields
    seq: int = entries[user_id].integer_value if user_id in entries else 0
    return seq


def own_preferences(document: Any, user_id: str) -> Preferences:
    return decode_preferences(document.fields["preferences"].map_value.fields, user_id)


def uncounted_of(document: Any) -> Uncounted:
    """Return the ranges; none if an earlier release wrote the document."""
    return Uncounted(document.fields["uncounted"].string_value)
