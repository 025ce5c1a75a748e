"""Serializer fields that respect JSON's types: a string is not a number."""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import UTC, time
from heapq import nsmallest
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.fields import empty

from messaging.changes.text_rules import normalise_newlines
from messaging.domain.exceptions import MAX_ERRORS, PermissionDenied
from messaging.domain.limits import Limits, get_limits

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields, so that a misspelt name is an error and not ignored."""

    default_error_messages: ClassVar = {"invalid": "This must be an object."}

    for_services: ClassVar[frozenset[str]] = frozenset()
    """The fields that only service accounts have."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = nsmallest(MAX_ERRORS, data.keys() - self.fields.keys())
            if unknown:
                if named := self.for_services.intersection(unknown):
                    raise PermissionDenied(
                        f"Only a service account may set {', '.join(sorted(named))}."
                    )
                error = serializers.ErrorDetail(
                    "This field does not exist. Remove it.", code="unknown"
                )
                raise serializers.ValidationError(dict.fromkeys(unknown, error))
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    """A JSON string, kept unchanged. It has no lone surrogates, because UTF-8 cannot express
    them."""

    default_error_messages: ClassVar = {
        "invalid_characters": "Remove the lone surrogates: they are not characters."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if has_surrogates(data):
            self.fail("invalid_characters")
        return super().to_internal_value(data)


class TextField(StrictCharField):
    """A text for people. CRLF and CR become LF before its length is checked."""

    def to_internal_value(self, data: Any) -> str:
        return normalise_newlines(super().to_internal_value(data))


class RawObject(str):
    """A JSON object as the client wrote it."""

    __slots__ = ()


class ObjectField(serializers.DictField):
    """A JSON object of the client's own, which is kept as text. The core has the rules for it."""

    default_error_messages: ClassVar = {"not_a_dict": "This must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, RawObject):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return str(data)


class BoundedListField(serializers.ListField):
    """A list whose length is checked before its elements. The error names at most 20 elements."""

    default_error_messages: ClassVar = {"not_a_list": "This must be an array."}

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and len(data) > (self.max_length or 0):
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)

    def run_child_validation(self, data: Any) -> Any:
        return [value for _, value in _validated_items(enumerate(data), self.run_child)]

    def run_child(self, index: int, value: Any) -> Any:
        return self.child.run_validation(value)


class OfLimit:
    """A part of fields whose bound is one of the public limits, which operators may change.

    A serializer copies its declared fields for each use. The copies have the limit in force. The
    declared fields have the default, because they are made at import.
    """

    bound: ClassVar[str] = "max_length"
    """The argument of the field that has the limit."""

    def __init__(self, *, limit: str, **kwargs: Any) -> None:
        self._limit = limit
        kwargs.setdefault(self.bound, getattr(Limits(), limit))
        super().__init__(**kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        given: Any = self
        options = deepcopy(given._kwargs, memo)  # noqa: SLF001 - of DRF's own `__deepcopy__`
        return type(given)(**{**options, self.bound: self._most()})

    def _most(self) -> int:
        most: int = getattr(get_limits(), self._limit)
        return most


class LimitedTextField(OfLimit, TextField):
    pass


class BoundedDictField(serializers.DictField):
    """An object whose size is checked before its values. The error names at most 20 values."""

    default_error_messages: ClassVar = {
        "not_a_dict": "This must be an object.",
        "max_length": "Name at most {max_length}.",
        "invalid_characters": "Remove the lone surrogates: they are not characters.",
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.max_length = max_length
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)

    def run_child_validation(self, data: Any) -> Any:
        return dict(_validated_items(data.items(), self.run_child))

    def run_child(self, name: str, value: Any) -> Any:
        if has_surrogates(name):
            self.fail("invalid_characters")
        return self.child.run_validation(value)


class LimitedDictField(OfLimit, BoundedDictField):
    pass


def has_surrogates(value: str) -> bool:
    """Return whether a string has code points that UTF-8 cannot express."""
    return not value.isascii() and _SURROGATE.search(value) is not None


def _validated_items(
    items: Iterable[tuple[Any, Any]], validate: Callable[[Any, Any], Any]
) -> Iterable[tuple[Any, Any]]:
    """Yield each key with its validated value.

    Raises ValidationError with the first 20 wrong items; the rest is not validated.
    """
    validated: list[tuple[Any, Any]] = []
    errors: dict[Any, Any] = {}
    for key, value in items:
        try:
            validated.append((key, validate(key, value)))
        except serializers.ValidationError as error:
            errors[key] = error.detail
            if len(errors) == MAX_ERRORS:
                break
    if errors:
        raise serializers.ValidationError(errors)
    return validated


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: not a string, a fraction or a boolean."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class QueryIntegerField(serializers.IntegerField):
    """An integer in a query string: decimal digits only."""

    def to_internal_value(self, data: Any) -> int:
        if not _DECIMAL.fullmatch(data):
            self.fail("invalid")
        return int(data)


class PageSizeField(OfLimit, QueryIntegerField):
    """How many items a page has at most. A client may always ask for as many as by default, and
    gets fewer if an operator has lowered the limit: clients do not ask for it before the list."""

    bound = "max_value"

    def _most(self) -> int:
        default: int = getattr(Limits(), self._limit)
        return max(super()._most(), default)

    def run_validation(self, data: Any = empty) -> int:
        wanted: int = super().run_validation(data)
        return min(wanted, super()._most())


class QueryBooleanField(serializers.BooleanField):
    """A boolean in a query string: `true` or `false`."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


class StrictBooleanField(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictDateTimeField(serializers.DateTimeField):
    """An RFC 3339 time with its zone, as a string."""

    default_error_messages: ClassVar = {
        "naive": "The time needs a time zone. End it with Z or an offset."
    }

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="RFC 3339")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("overflow")


class TimeOfDayField(serializers.RegexField):
    """Hours and minutes, `22:30`, without a zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_TIME_OF_DAY.pattern, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> time:  # type: ignore[override]
        if not isinstance(data, str) or not _TIME_OF_DAY.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)

    def run_validators(self, value: Any) -> None:
        """Skip them: the format is already checked, and they expect a string, not a time."""
