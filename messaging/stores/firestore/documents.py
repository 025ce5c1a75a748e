"""Conversations, messages and read positions as Firestore documents, and back.

conversations/{id}                          the conversation, with a copy of its latest message; and
                                            beside its people what lists show of them
conversations/{id}/messages/{id}            its messages
conversations/{id}/participants/{user_id}   how far everybody has read
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind, ListedConversation
from messaging.domain.identifiers import is_stored_id
from messaging.domain.message import Message
from messaging.domain.participant import Notify, Participant, Preferences, ReadPosition, Role
from messaging.domain.uncounted import Uncounted
from messaging.stores.conversations import InvalidCursor
from messaging.stores.firestore.values import (
    SERVER_TIME,
    plain_time,
    quoted,
    read_numbers,
    read_text,
    read_texts,
    read_time,
    read_token,
)
from messaging.stores.stored_enums import member_of

Fields = dict[str, Any]

SHARDS = 16
_LISTED_PEOPLE = 50
"""Up to how many people a conversation keeps a copy of them for lists."""
_DEFAULT_PREFERENCES = Preferences()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def new_conversation(conversation: Conversation) -> Fields:
    """All fields of a conversation that is not stored yet."""
    fields: Fields = {
        "shard": zlib.crc32(conversation.id.encode()) % SHARDS,
        "updated_at": SERVER_TIME,
    }
    for attribute, written in _WRITTEN.items():
        fields |= written(getattr(conversation, attribute))
    return fields | _summary(conversation.participants)


def changed_conversation(before: Conversation, after: Conversation) -> tuple[Fields, list[str]]:
    """The fields in which `after` differs, and the mask of an update: what it leaves out stays.

    Fields change as a whole; only of `sent_seq`, which changes with every send, the entries do.
    """
    fields: Fields = {}
    mask: list[str] = []
    for attribute, written in _WRITTEN.items():
        value, old = getattr(after, attribute), getattr(before, attribute)
        if value is not old and value != old:
            changed = written(value)
            fields |= changed
            mask += changed
    if "sent_seq" in fields:
        sent = {id_: seq for id_, seq in after.sent_seq.items() if before.sent_seq.get(id_) != seq}
        fields["sent_seq"] = sent
        mask.remove("sent_seq")
        mask += [
            f"sent_seq.{quoted(id_)}" for id_ in (*sent, *(before.sent_seq.keys() - after.sent_seq))
        ]
    if "participant_ids" in fields or not before.counted:
        summary = _summary(after.participants)
        fields |= summary
        mask += summary
    fields["updated_at"] = SERVER_TIME
    # Of SERVER_TIME there is nothing to be written before the server sets it.
    return fields, [path for path in mask if fields.get(path) is not SERVER_TIME]


def read_conversation(document: Any) -> Conversation:
    _, id_ = document.name.rsplit("/", 1)
    fields = document.fields
    roles = fields["roles"].map_value.fields
    preferences = fields["preferences"].map_value.fields
    last = fields["last_message"]
    return Conversation(
        id=id_,
        kind=member_of(ConversationKind, fields["kind"].string_value),
        title=read_text(fields["title"]),
        participants={
            # A map has no order of its own; the array keeps it.
            user_id: read_participant(user_id, roles[user_id].map_value.fields)
            for user_id in read_texts(fields["participant_ids"])
        },
        created_at=_read_time(fields["created_at"]),
        updated_at=_read_time(fields["updated_at"]),
        active_at=_read_time(fields["active_at"]),
        seq=fields["seq"].integer_value,
        version=fields["version"].integer_value,
        last_message=_read_last_message(id_, last) if last.HasField("map_value") else None,
        sent_seq=read_numbers(fields["sent_seq"]),
        preferences={
            user_id: own
            for user_id in preferences
            if (own := _read_preferences(preferences[user_id].map_value.fields))
            != _DEFAULT_PREFERENCES
        },
        blocked_by=frozenset(fields["blocked_by"].map_value.fields),
        frozen=fields["frozen"].boolean_value,
        uncounted=read_uncounted(document),
        content_hash=fields["content_hash"].string_value,
        commit_id=fields["commit_id"].string_value,
        token=read_token(document.update_time),
        counted=count_of(document) is not None,
    )


def read_listed(document: Any, user_id: str, people: int) -> ListedConversation | None:
    """Return one person's view of a conversation, from a document that `shows_people` or a whole
    one. Up to `people` are listed. None if that person is not in it."""
    fields = document.fields
    roles = fields["roles"].map_value.fields
    if user_id not in roles:
        return None
    count = count_of(document)
    if count is None or (count <= people and not shows_people(document, people)):
        everybody: Mapping[str, Participant] = read_conversation(document).participants
        count = len(everybody)
    else:
        everybody = _read_listed_people(fields["listed_people"]) if count <= people else {}
    last = fields["last_message"]
    id_ = id_of(document)
    return ListedConversation(
        id=id_,
        kind=member_of(ConversationKind, fields["kind"].string_value),
        title=read_text(fields["title"]),
        participants=everybody if count <= people else None,
        participant_count=count,
        created_at=_read_time(fields["created_at"]),
        updated_at=_read_time(fields["updated_at"]),
        active_at=_read_time(fields["active_at"]),
        seq=fields["seq"].integer_value,
        version=fields["version"].integer_value,
        last_message=_read_last_message(id_, last) if last.HasField("map_value") else None,
        own=read_participant(user_id, roles[user_id].map_value.fields),
        sent_seq=own_sent_seq(document, user_id),
        preferences=own_preferences(document, user_id),
        blocked=bool(fields["blocked_by"].map_value.fields),
        frozen=fields["frozen"].boolean_value,
        uncounted=read_uncounted(document),
    )


def shows_people(document: Any, people: int) -> bool:
    """Return whether the copy of its people that a conversation keeps for lists is enough to list
    up to `people` of them."""
    count = count_of(document)
    return count is not None and (count > people or count <= _LISTED_PEOPLE)


def count_of(document: Any) -> int | None:
    """Return the number of people; None if a release that does not count them wrote last."""
    fields = document.fields
    if "participant_count" not in fields:
        return None
    if fields["counted_commit_id"].string_value != fields["commit_id"].string_value:
        return None
    count: int = fields["participant_count"].integer_value
    return count


def own_sent_seq(document: Any, user_id: str) -> int:
    sent = document.fields["sent_seq"].map_value.fields
    seq: int = sent[user_id].integer_value if user_id in sent else 0
    return seq


def own_preferences(document: Any, user_id: str) -> Preferences:
    preferences = document.fields["preferences"].map_value.fields
    if user_id not in preferences:
        return _DEFAULT_PREFERENCES
    return _read_preferences(preferences[user_id].map_value.fields)


def read_uncounted(document: Any) -> Uncounted:
    """Empty where the document is of an earlier release."""
    return Uncounted(document.fields["uncounted"].string_value)


def id_of(document: Any) -> str:
    """Of a conversation's document."""
    return str(document.name.rpartition("/")[2])


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
        "created_version": message.created_version,
    }


def read_message(document: Any) -> Message:
    _, conversation_id, _, id_ = document.name.rsplit("/", 3)
    return _read_message(id_, conversation_id, document.fields)


def position(position: ReadPosition) -> Fields:
    return {
        "user_id": position.user_id,
        "read_seq": position.read_seq,
        "delivered_seq": position.delivered_seq,
    }


def moved_position(moved: ReadPosition) -> Fields:
    """Of somebody who has read further."""
    return {**position(moved), "updated_at": SERVER_TIME}


def new_position(added: ReadPosition) -> Fields:
    """Of somebody who is added, and starts reading here."""
    return {**moved_position(added), "joined_seq": added.read_seq}


def read_position(document: Any) -> ReadPosition:
    _, user_id = document.name.rsplit("/", 1)
    fields = document.fields
    return ReadPosition(
        user_id=user_id,
        read_seq=fields["read_seq"].integer_value,
        delivered_seq=fields["delivered_seq"].integer_value,
    )


def conversation_id_of(document: Any) -> str:
    """Of a message's or a position's document."""
    _, conversation_id, _, _ = document.name.rsplit("/", 3)
    return str(conversation_id)


def preferences(own: Mapping[str, Any]) -> Fields:
    """Of somebody's settings, or of some of them, those that are not the default."""
    return {
        name: value.value if isinstance(value, Notify) else value
        for name, value in own.items()
        if value != getattr(_DEFAULT_PREFERENCES, name)
    }


def cursor_after(conversation: Conversation) -> str:
    """Where a page of conversations that ends with this one is continued."""
    return _cursor(conversation.active_at, conversation.id)


def cursor_of(document: Any) -> str:
    """The same, of a conversation's document."""
    return _cursor(_read_time(document.fields["active_at"]), id_of(document))


def _cursor(active_at: datetime, conversation_id: str) -> str:
    micros = (active_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(json.dumps([micros, conversation_id]).encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The `active_at` and the id of a page's last conversation. Raises InvalidCursor."""
    try:
        micros, conversation_id = json.loads(base64.urlsafe_b64decode(cursor))
        if not is_stored_id(conversation_id):
            raise InvalidCursor
        return _EPOCH + micros * _MICROSECOND, conversation_id
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor from error


def _written_time(moment: datetime) -> Any:
    return SERVER_TIME if moment is COMMIT_TIME else moment


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


def _summary(participants: Mapping[str, Participant]) -> Fields:
    """What lists show of the people: an array of id, role and `joined_version`, one person after
    the other, so that it keeps their order."""
    listed: list[Any] = []
    if len(participants) <= _LISTED_PEOPLE:
        for person in participants.values():
            listed += [person.user_id, person.role.value, person.joined_version]
    return {"participant_count": len(participants), "listed_people": listed}


def _read_listed_people(value: Any) -> Mapping[str, Participant]:
    values = value.array_value.values
    return {
        id_.string_value: Participant(
            user_id=id_.string_value,
            role=member_of(Role, role.string_value),
            joined_version=joined_version.integer_value,
        )
        for id_, role, joined_version in zip(values[::3], values[1::3], values[2::3], strict=True)
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
        "preferences": {user_id: preferences(asdict(own)) for user_id, own in preferences_.items()}
    },
    "blocked_by": lambda people: {"blocked_by": dict.fromkeys(people, True)},
    "frozen": lambda frozen: {"frozen": frozen},
    "uncounted": lambda uncounted: {"uncounted": uncounted.encoded},
    "content_hash": lambda content_hash: {"content_hash": content_hash},
    "commit_id": lambda commit_id: {"commit_id": commit_id, "counted_commit_id": commit_id},
}
"""For each attribute of a conversation the fields that hold it."""


def read_participant(user_id: str, fields: Any) -> Participant:
    return Participant(
        user_id=user_id,
        role=member_of(Role, fields["role"].string_value),
        joined_version=fields["joined_version"].integer_value,
    )


def _read_preferences(fields: Any) -> Preferences:
    return Preferences(
        muted_until=read_time(fields["muted_until"]),
        notify=member_of(Notify, fields["notify"].string_value or _DEFAULT_PREFERENCES.notify),
    )


def _read_last_message(conversation_id: str, value: Any) -> Message:
    fields = value.map_value.fields
    return _read_message(fields["id"].string_value, conversation_id, fields)


def _read_message(id_: str, conversation_id: str, fields: Any) -> Message:
    return Message(
        id=id_,
        conversation_id=conversation_id,
        seq=fields["seq"].integer_value,
        version=fields["version"].integer_value,
        sender_id=fields["sender_id"].string_value,
        client_id=read_text(fields["client_id"]),
        text=read_text(fields["text"]),
        reply_to=read_text(fields["reply_to"]),
        mentions=tuple(read_texts(fields["mentions"])),
        created_at=_read_time(fields["created_at"]),
        edited_at=read_time(fields["edited_at"]),
        deleted_at=read_time(fields["deleted_at"]),
        content_hash=fields["content_hash"].string_value,
        created_version=fields["created_version"].integer_value or None,
    )


def _read_time(value: Any) -> datetime:
    return plain_time(value.timestamp_value)
