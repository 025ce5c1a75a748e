"""The form in which a message travels between instances, derived from the fields of its dataclass.

The first fields are an array of fixed length, which earlier releases unpack. Later fields stand
beside the array. An earlier release skips them when it reads, and does not send them; the reader
then takes their defaults.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Generic, Optional, TypeVar

from msgspec import Meta, Struct, defstruct

from messaging.delivery.field_types import MAX_PEOPLE, Micros, People
from messaging.domain.fields.codec import (
    Attribute,
    Conversions,
    converters,
    default_of,
    reader,
    required,
    types_of,
    writer,
)
from messaging.domain.fields.types import Number, ShortText, Text, UserId
from messaging.domain.message import Attachment, ReactionSummary
from messaging.stores.shared.stored_enums import conversion_to

T = TypeVar("T")
Carrier = TypeVar("Carrier", bound=Struct)

_ARRAY_LENGTH = 12
_MAX_PARTS = 100
"""The attachments of a message, and the kinds of its reactions."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return a moment as microseconds since the epoch."""
    return (at - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the moment so many microseconds after the epoch."""
    return _EPOCH + microseconds * _MICROSECOND


_TYPES: Mapping[Any, Any] = {
    str: Text,
    int: Number,
    datetime: Micros,
    tuple[UserId, ...]: People,
    tuple[str, ...]: Annotated[list[Text], Meta(max_length=MAX_PEOPLE)],
    Mapping[str, int]: Annotated[dict[ShortText, Number], Meta(max_length=MAX_PEOPLE)],
    tuple[Attachment, ...]: Annotated[list[Attachment], Meta(max_length=_MAX_PARTS)],
    Mapping[str, ReactionSummary]: Annotated[
        dict[ShortText, ReactionSummary], Meta(max_length=_MAX_PARTS)
    ],
}
"""The checked type of a value in a link message, if it differs from the type of the field."""
_WRITTEN = Conversions(
    types={
        str: None,
        int: None,
        bool: None,
        datetime: micros,
        tuple[str, ...]: list,
        Mapping[str, int]: dict,
        tuple[Attachment, ...]: list,
        Mapping[str, ReactionSummary]: dict,
    },
    enumeration=lambda _: Attribute("value"),
)
_READ = Conversions(
    types={
        str: None,
        int: None,
        bool: None,
        datetime: moment,
        tuple[str, ...]: tuple,
        Mapping[str, int]: None,
        tuple[Attachment, ...]: tuple,
        Mapping[str, ReactionSummary]: None,
    },
    enumeration=conversion_to,
)


class MessageForm(Generic[T]):
    """Writes and reads messages of one dataclass. The dataclass has a `conversation_id`, which is
    not part of the form. Every field after the array has a default."""

    def __init__(self, entity: type[T]) -> None:
        kinds = types_of(entity, bounds=True)
        names = [name for name in kinds if name != "conversation_id"]
        first, later = names[:_ARRAY_LENGTH], names[_ARRAY_LENGTH:]
        array = defstruct(
            "MessageState",
            [(name, _checked(kinds[name])) for name in first],
            module=__name__,
            frozen=True,
            array_like=True,
            kw_only=True,
        )
        defaults = _defaults(entity)
        self.fields: type[Struct] = defstruct(
            "LastMessage",
            [
                ("last_message", Optional[array]),  # noqa: UP045  the type is made here
                *((f"last_{name}", _checked(kinds[name]), defaults[name]) for name in later),
            ],
            module=__name__,
            frozen=True,
            kw_only=True,
            omit_defaults=True,
        )
        """The base of every struct that contains the latest message of a conversation."""
        self._entity = entity
        self._later = later
        self._write_array = writer(entity, _WRITTEN, build=array, only=first)
        self.read = reader(
            entity,
            _READ,
            source=lambda name: f"last.{name}" if name in first else f"state.last_{name}",
            sources=("last", "state"),
            given=("conversation_id",),
        )
        """Returns the message; takes the array, the struct that contains it, and the conversation's
        id."""

    def writer(
        self, build: type[Carrier], *, given: Collection[str] = ()
    ) -> Callable[..., Carrier]:
        """Return `write(message, *, **given)`: a struct with the message and the given fields."""
        return writer(
            self._entity,
            _WRITTEN,
            build=build,
            only=("message", *self._later),
            named="last_{}",
            computed={"message": self._write_array},
            given=given,
        )


def _checked(kind: Any) -> Any:
    inner = required(kind)
    is_enumeration = isinstance(inner, type) and issubclass(inner, StrEnum)
    checked = ShortText if is_enumeration else _TYPES.get(inner, inner)
    return checked if inner is kind else Optional[checked]  # noqa: UP045  known only now


def _defaults(entity: type) -> dict[str, Any]:
    """Return the defaults in the form of link messages."""
    convert = converters(entity, _WRITTEN)
    found = {field.name: default_of(field) for field in fields(entity)}
    return {name: convert[name](one) for name, one in found.items() if one is not MISSING}
