"""How Firestore keeps values of each type (`messaging.domain.fields.codec`)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from messaging.domain.fields.codec import Attribute, Conversions, converters, reader
from messaging.domain.fields.plain import (
    attachments_data,
    attachments_of,
    reactions_data,
    reactions_of,
)
from messaging.domain.message import Attachment, ReactionSummary
from messaging.domain.participant import Preferences
from messaging.domain.uncounted import Uncounted
from messaging.stores.firestore.values import (
    ABSENT,
    is_null,
    plain_map,
    plain_time,
    read_number,
    read_numbers,
    read_text,
    read_time,
)
from messaging.stores.shared.stored_enums import conversion_to

Fields = dict[str, Any]

_DEFAULT_PREFERENCES = Preferences()
_MARK = "="
"""Precedes the name of a reaction that Firestore reserves, and one that begins with it."""


def read_moment(value: Any) -> datetime:
    return plain_time(value.timestamp_value)


def encode_preferences(own: Mapping[str, Any]) -> Fields:
    """Return the fields of a person's settings, or of some of them: those that are not the
    default."""
    return {
        name: _PREFERENCES[name](value)
        for name, value in own.items()
        if value != getattr(_DEFAULT_PREFERENCES, name)
    }


def decode_preferences(everybody: Any, user_id: str) -> Preferences:
    """Return one person's settings from those of a conversation."""
    if user_id not in everybody:
        return _DEFAULT_PREFERENCES
    return _preferences(everybody[user_id].map_value.fields)


def _encode_all_preferences(everybody: Mapping[str, Preferences]) -> Fields:
    return {user_id: encode_preferences(asdict(own)) for user_id, own in everybody.items()}


def _decode_all_preferences(value: Any) -> dict[str, Preferences]:
    everybody = value.map_value.fields
    return {
        user_id: own
        for user_id in everybody
        if (own := decode_preferences(everybody, user_id)) != _DEFAULT_PREFERENCES
    }


def _encode_people(people: frozenset[str]) -> Fields:
    return dict.fromkeys(people, True)


def _decode_people(value: Any) -> frozenset[str]:
    return frozenset(value.map_value.fields)


def _decode_texts(value: Any) -> tuple[str, ...]:
    return tuple([item.string_value for item in value.array_value.values])


def _decode_uncounted(value: Any) -> Uncounted:
    return Uncounted(value.string_value)


def _decode_attachments(value: Any) -> tuple[Attachment, ...]:
    return attachments_of([plain_map(one) for one in value.array_value.values])


def _encode_reactions(reactions: Mapping[str, ReactionSummary]) -> Fields:
    data = reactions_data(reactions)
    return {_field_name(emoji): one for emoji, one in data.items()}


def _decode_reactions(value: Any) -> Mapping[str, ReactionSummary]:
    stored = plain_map(value)
    return reactions_of({name.removeprefix(_MARK): one for name, one in stored.items()})


def _field_name(emoji: str) -> str:
    """Return the name of a reaction's field. Firestore reserves some names
    (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields)."""
    reserved = emoji.startswith("__") and emoji.endswith("__")
    return _MARK + emoji if reserved or emoji.startswith(_MARK) else emoji


def _decode_member(kind: Any) -> Callable[[Any], Any]:
    member = conversion_to(kind)
    return lambda value: member(value.string_value)


def _decode_optional(decode: Any) -> Callable[[Any], Any]:
    of_value = attrgetter(decode) if isinstance(decode, Attribute) else decode
    return partial(_unless_null, of_value)


def _unless_null(decode: Callable[[Any], Any], value: Any) -> Any:
    return None if is_null(value) else decode(value)


WRITTEN = Conversions(
    types={
        str: None,
        int: None,
        bool: None,
        datetime: None,
        tuple[str, ...]: list,
        frozenset[str]: _encode_people,
        Mapping[str, int]: dict,
        Mapping[str, Preferences]: _encode_all_preferences,
        Uncounted: Attribute("encoded"),
        tuple[Attachment, ...]: attachments_data,
        Mapping[str, ReactionSummary]: _encode_reactions,
    },
    enumeration=lambda _: Attribute("value"),
)
READ = Conversions(
    types={
        str: Attribute("string_value"),
        str | None: read_text,
        int: Attribute("integer_value"),
        int | None: read_number,
        bool: Attribute("boolean_value"),
        datetime: read_moment,
        datetime | None: read_time,
        tuple[str, ...]: _decode_texts,
        frozenset[str]: _decode_people,
        Mapping[str, int]: read_numbers,
        Mapping[str, Preferences]: _decode_all_preferences,
        Uncounted: _decode_uncounted,
        tuple[Attachment, ...]: _decode_attachments,
        Mapping[str, ReactionSummary]: _decode_reactions,
    },
    enumeration=_decode_member,
    optional=_decode_optional,
)
_PREFERENCES = converters(Preferences, WRITTEN)
_preferences = reader(Preferences, READ, absent=ABSENT)
