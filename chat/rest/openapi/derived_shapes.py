"""Derives the shapes of answers from the fields of dataclasses, for OpenAPI."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from rest_framework import serializers

from messaging.domain.fields.codec import required, types_of

_FIELDS: Mapping[Any, Callable[..., serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    bool: serializers.BooleanField,
    datetime: serializers.DateTimeField,
    tuple[str, ...]: lambda **options: serializers.ListField(
        child=serializers.CharField(), **options
    ),
    Mapping[str, int]: lambda **options: serializers.DictField(
        child=serializers.IntegerField(), **options
    ),
}


def derived_shape(
    name: str,
    entity: type,
    shown: Iterable[str],
    **others: Callable[[], serializers.Field[Any, Any, Any, Any]],
) -> type[serializers.Serializer[Any]]:
    """Return a serializer of the shown fields, in this order. `others` defines fields that the
    entity lacks, or that have another type. Raises KeyError for a type without a shape."""
    kinds = types_of(entity)
    # In this order: a serializer orders its fields by when they were made.
    fields = {one: others[one]() if one in others else _field(kinds[one]) for one in shown}
    return type(name, (serializers.Serializer,), fields)


def _field(kind: Any) -> serializers.Field[Any, Any, Any, Any]:
    inner = required(kind)
    options: dict[str, Any] = {} if inner is kind else {"allow_null": True}
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return serializers.ChoiceField([member.value for member in inner], **options)
    return _FIELDS[inner](**options)
