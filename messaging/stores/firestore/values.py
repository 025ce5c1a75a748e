"""Converts Python's values to Firestore's, and back.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#value
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import NoneType, SimpleNamespace
from typing import Any


@dataclass(frozen=True, slots=True)
class AtLeast:
    """In a document's fields: the larger of this number and the stored one."""

    number: int


@dataclass(frozen=True, slots=True)
class AtMost:
    """In a document's fields: the smaller of this number and the stored one."""

    number: int


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400
_SECOND_NANOS = 1_000_000_000
_MICROSECOND_NANOS = 1_000
_TIMES = 1 << 53
"""Tokens from here on are times of Firestore. Those of SQL are lower."""
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*", re.ASCII)


class Reference(str):
    """The full name of a document, as a value."""

    __slots__ = ()


def write_fields(fields: Any, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Fill the `fields` of a document or a map. Return the transforms, which the server computes,
    with their paths: COMMIT_TIME (its time of the request, in whole milliseconds), AtLeast and
    AtMost."""
    transforms = []
    for name, value in values.items():
        kind = type(value)
        if kind in _WRITERS:
            _WRITERS[kind](fields[name], value)
        elif kind is dict:
            map_value = fields[name].map_value
            map_value.SetInParent()  # an empty map is a value too
            inner = write_fields(map_value.fields, value)
            transforms += [(f"{quoted(name)}.{path}", asked) for path, asked in inner]
        else:
            transforms.append((quoted(name), value))
    return transforms


def write_value(target: Any, value: Any) -> None:
    """Fill a `Value` that is neither a map nor a transform."""
    _WRITERS[type(value)](target, value)


def quoted(name: str) -> str:
    """Return a field's name as a part of a field path. User ids contain dots, dashes and colons."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


ABSENT = SimpleNamespace(
    boolean_value=False,
    integer_value=0,
    string_value="",
    array_value=SimpleNamespace(values=()),
    map_value=SimpleNamespace(fields={}),
    HasField=lambda _: False,
    WhichOneof=lambda _: None,
)
"""The value for a missing name in a map of values: each kind is empty."""


def is_null(value: Any) -> bool:
    """Return whether it is null, or absent."""
    return value.WhichOneof("value_type") in {None, "null_value"}


def read_text(value: Any) -> str | None:
    return value.string_value if value.HasField("string_value") else None


def read_texts(value: Any) -> list[str]:
    return [item.string_value for item in value.array_value.values]


def read_number(value: Any) -> int | None:
    return value.integer_value if value.HasField("integer_value") else None


def read_numbers(value: Any) -> dict[str, int]:
    numbers = value.map_value.fields
    return {name: numbers[name].integer_value for name in numbers}


def read_time(value: Any) -> datetime | None:
    return plain_time(value.timestamp_value) if value.HasField("timestamp_value") else None


def plain_time(timestamp: Any) -> datetime:
    return _EPOCH + timedelta(0, timestamp.seconds, timestamp.nanos // 1000)


def plain_milliseconds(timestamp: Any) -> datetime:
    """Round down to milliseconds, as the server does for COMMIT_TIME."""
    moment = plain_time(timestamp)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def plain_map(value: Any) -> dict[str, Any]:
    """Return a map of texts, numbers, booleans, nulls, lists and maps."""
    return {name: _plain(one) for name, one in value.map_value.fields.items()}


def _plain(value: Any) -> Any:
    match value.WhichOneof("value_type"):
        case "map_value":
            return plain_map(value)
        case "array_value":
            return [_plain(one) for one in value.array_value.values]
        case "null_value" | None:
            return None
        case kind:
            return getattr(value, kind)


def read_token(timestamp: Any) -> int:
    """Return a document's update time with every nanosecond, for use as a precondition."""
    token: int = timestamp.seconds * _SECOND_NANOS + timestamp.nanos
    return token


def write_token(timestamp: Any, token: int) -> None:
    """Write the time at which a document must have been updated.

    When the store is moved, a value may have been read from SQL before the switch. Its token is a
    random number, which becomes a time in 1970: the document has changed since. Firestore refuses
    a time with nanoseconds that it has not given as malformed.
    """
    if token < _TIMES:
        token -= token % _MICROSECOND_NANOS
    timestamp.seconds, timestamp.nanos = divmod(token, _SECOND_NANOS)


def _write_none(target: Any, _: None) -> None:
    target.null_value = 0


def _write_bool(target: Any, value: bool) -> None:
    target.boolean_value = value


def _write_int(target: Any, value: int) -> None:
    target.integer_value = value


def _write_str(target: Any, value: str) -> None:
    target.string_value = value


def _write_reference(target: Any, name: str) -> None:
    target.reference_value = name


def _write_time(target: Any, moment: datetime) -> None:
    since = moment - _EPOCH
    target.timestamp_value.seconds = since.days * _DAY_SECONDS + since.seconds
    target.timestamp_value.nanos = since.microseconds * 1000


def _write_list(target: Any, items: list[Any]) -> None:
    target.array_value.SetInParent()
    values = target.array_value.values
    for item in items:
        if type(item) is dict:
            target_map = values.add().map_value
            target_map.SetInParent()
            write_fields(target_map.fields, item)
        else:
            write_value(values.add(), item)


_WRITERS: Mapping[type, Callable[[Any, Any], None]] = {
    NoneType: _write_none,
    bool: _write_bool,
    int: _write_int,
    str: _write_str,
    Reference: _write_reference,
    datetime: _write_time,
    list: _write_list,
}
