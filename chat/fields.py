"""Serializer fields that take a value for what it is: JSON has types, and a string is no number."""

import re
from datetime import UTC, time
from typing import Any, ClassVar

from rest_framework import serializers

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt name is an error, not a silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(str(name) for name in data.keys() - self.fields.keys())
            if unknown:
                error = serializers.ErrorDetail("There is no such field.", code="unknown")
                raise serializers.ValidationError(dict.fromkeys(unknown, error))
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    """A JSON string, kept as it came."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer; neither a string nor a fraction nor a boolean."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class QueryIntegerField(serializers.IntegerField):
    """An integer in a query string: its decimal digits and nothing else."""

    def to_internal_value(self, data: Any) -> int:
        if not _DECIMAL.fullmatch(data):
            self.fail("invalid")
        return int(data)


class StrictBooleanField(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictDateTimeField(serializers.DateTimeField):
    """An RFC 3339 time with its zone, as a string."""

    default_error_messages: ClassVar = {"naive": "Name the time zone: end with Z or an offset."}

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
        """The form was checked, and a time is not what the validators of strings expect."""
