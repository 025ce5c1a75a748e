"""Typed decoding of the frequent and of the long documents: the commands of the socket, sending,
reading, and lists of people.

Each struct derives from the serializer of the same document, so that the rules, the OpenAPI schema
and the struct have one source. A struct can only accept a document. If it does not, the serializer
reads the document and names the wrong fields. `tests/unit/chat/payloads/test_decoding.py` shows
that both accept the same documents, `tests/benchmarks/test_decoding.py` compares their cost.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Literal

import msgspec
import orjson
from msgspec import UNSET, Meta
from rest_framework.fields import ChoiceField, Field, empty
from rest_framework.serializers import Serializer, ValidationError

from chat.payloads.fields import (
    BoundedDictField,
    BoundedListField,
    ObjectField,
    StrictBooleanField,
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    TextField,
)
from chat.payloads.parsers import require_unique_names, too_deep
from messaging.changes.text_rules import normalise_newlines

MAX_ID_CHARACTERS = 64
LARGEST_ID = 2**53 - 1
"""The largest integer that every JSON reader represents exactly (RFC 8259 6)."""

_CommandId = (
    Annotated[int, Meta(ge=-LARGEST_ID, le=LARGEST_ID)]
    | Annotated[str, Meta(max_length=MAX_ID_CHARACTERS)]
)
_NUL = "\\u0000"
"""The JSON escape of the only character that the serializers refuse and msgspec accepts."""


class NotAccepted(Exception):
    """The struct does not accept this document, or it begins with a byte order mark. The serializer
    decides, and names the errors."""


class DocumentDecoder:
    """Decodes the JSON object that one serializer describes."""

    def __init__(self, serializer_class: type[Serializer[Any]]) -> None:
        self._document = _Document(serializer_class)
        self._decoder = msgspec.json.Decoder(self._document.struct)

    def decode(self, text: str) -> dict[str, Any]:
        """Return the validated fields. Raises NotAccepted and InvalidJSON."""
        document = _decoded(text, self._decoder)
        fields = self._document.fields_of(document, text)
        self._document.require_unique_names(text)
        return fields


class CommandDecoder:
    """Decodes commands of the socket: `type` names the serializer of the other fields."""

    def __init__(self, serializers: Mapping[str, type[Serializer[Any]]]) -> None:
        self._documents = {
            name: _Document(serializer_class, command=name)
            for name, serializer_class in serializers.items()
        }
        structs: list[Any] = [document.struct for document in self._documents.values()]
        self._decoder = msgspec.json.Decoder(reduce(or_, structs))
        self._of_structs = {
            document.struct: (name, document) for name, document in self._documents.items()
        }

    def decode(self, text: str) -> tuple[int | str, str, dict[str, Any]]:
        """Return id, type and validated fields. Raises NotAccepted and InvalidJSON."""
        command = _decoded(text, self._decoder)
        kind, document = self._of_structs[type(command)]
        fields = document.fields_of(command, text)
        document.require_unique_names(text)
        return command.id, kind, fields

    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """Return the JSON Schema of each command, with `id` and `type`."""
        return {name: _schema(document.struct) for name, document in self._documents.items()}


class _Document:
    """The struct of one serializer's document."""

    def __init__(self, serializer_class: type[Serializer[Any]], *, command: str | None = None):
        fields: Mapping[str, Field[Any, Any, Any, Any]] = dict(serializer_class().fields)
        _require_rules_of_fields_only(serializer_class, fields)
        self._names = tuple(fields)
        self._longest = {
            name: field.max_length for name, field in fields.items() if isinstance(field, TextField)
        }
        """The maximum length of each text in code points, after its newlines are normalised."""
        self._times = {
            name: field for name, field in fields.items() if isinstance(field, StrictDateTimeField)
        }
        self._objects = tuple(
            name for name, field in fields.items() if isinstance(field, ObjectField)
        )
        """The names of objects of the client's own."""
        self._quoted_objects = tuple(f'"{name}"' for name in self._objects)
        self._is_plain = not (self._longest or self._times or self._objects)
        """Whether the struct checks all that there is to check."""
        self._is_flat = not any(isinstance(field, BoundedDictField) for field in fields.values())
        """Whether clients choose no names."""
        own = () if command is None else ("id", "type")
        self._quoted_names = tuple(f'"{name}"' for name in (*own, *fields))
        members = [_member(name, field) for name, field in fields.items()]
        self.struct = msgspec.defstruct(
            serializer_class.__name__,
            members if command is None else [("id", _CommandId), *members],
            tag_field=None if command is None else "type",
            tag=command,
            forbid_unknown_fields=True,
            frozen=True,
            kw_only=True,
        )

    def require_unique_names(self, text: str) -> None:
        """Call `parsers.require_unique_names` for a document that the struct accepts. Raises
        InvalidJSON.

        The struct knows all names. Unless the text escapes characters, a name that stands in it
        once, in quotes, is unique, wherever it stands.
        """
        objects = self._quoted_objects  # mostly none
        is_flat = self._is_flat and not (objects and any(name in text for name in objects))
        if is_flat and "\\" not in text:
            for name in self._quoted_names:
                if text.count(name) > 1:
                    break
            else:
                return
        require_unique_names(text)

    def fields_of(self, document: msgspec.Struct, text: str) -> dict[str, Any]:
        """Return the fields that are given or have a default. Raises NotAccepted."""
        fields = {
            name: value for name in self._names if (value := getattr(document, name)) is not UNSET
        }
        if self._is_plain:
            return fields
        for name in self._objects:
            if name in fields:
                fields[name] = _object(fields[name], text)
        for name, longest in self._longest.items():
            value = fields.get(name)
            if value is not None:
                fields[name] = value = normalise_newlines(value)
                if longest is not None and len(value) > longest:
                    raise NotAccepted
        for name, field in self._times.items():
            try:
                fields[name] = field.run_validation(fields[name])
            except ValidationError:
                raise NotAccepted from None
        return fields


def _object(raw: msgspec.Raw, text: str) -> str | None:
    """Return an object of a document as its text; None if it is null. Raises NotAccepted."""
    if too_deep(text):
        raise NotAccepted
    try:
        value = orjson.loads(found := bytes(raw))
    except orjson.JSONDecodeError:
        raise NotAccepted from None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise NotAccepted
    return found.decode()


def _schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    document = msgspec.json.schema(struct)
    found: dict[str, Any] = document["$defs"][document["$ref"].rpartition("/")[2]]
    del found["title"]  # the name of a class
    return found


def _decoded(text: str, decoder: msgspec.json.Decoder[Any]) -> Any:
    if _NUL in text:
        raise NotAccepted
    try:
        document = decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise NotAccepted from None
    return document


def _member(name: str, field: Field[Any, Any, Any, Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
    member = _type_of(field)
    is_raw = isinstance(field, ObjectField)
    if field.allow_null and not is_raw:
        member |= None
    if field.required:
        return name, member
    if field.default is empty:
        return name, member if is_raw else member | msgspec.UnsetType, UNSET
    return name, member, field.default


def _type_of(field: Field[Any, Any, Any, Any]) -> Any:
    match field:
        case TextField():
            return _constrained(str, min_length=None if field.allow_blank else 1)
        case StrictCharField():
            least = None if field.allow_blank else 1
            return _constrained(str, min_length=least, max_length=field.max_length)
        case StrictIntegerField():
            return _constrained(int, ge=field.min_value, le=field.max_value)
        case StrictBooleanField():
            return bool
        case ObjectField():
            # A field of this type cannot be combined with others, and null is accepted later.
            return Annotated[msgspec.Raw, Meta(extra_json_schema={"type": ["object", "null"]})]
        case StrictDateTimeField(required=True, allow_null=False):
            return str
        case ChoiceField(allow_blank=False):
            return Literal[tuple(field.choices)]
        case BoundedListField():
            kind = GenericAlias(list, (_type_of(field.child),))
        case BoundedDictField():
            kind = GenericAlias(dict, (str, _type_of(field.child)))
        case _:
            raise TypeError(f"{type(field).__name__} has no typed counterpart")
    least = None if field.allow_empty else 1
    return _constrained(kind, min_length=least, max_length=field.max_length)


def _constrained(kind: Any, **limits: int | None) -> Any:
    return Annotated[kind, Meta(**limits)]  # type: ignore[arg-type]


def _require_rules_of_fields_only(
    serializer_class: type[Serializer[Any]], fields: Mapping[str, Field[Any, Any, Any, Any]]
) -> None:
    """Require a serializer without rules in methods: a struct cannot have them. Raises
    TypeError."""
    methods = ["validate", *(f"validate_{name}" for name in fields)]
    own = [name for name in methods if getattr(serializer_class, name, None) is not None]
    if own != ["validate"] or serializer_class.validate is not Serializer.validate:
        raise TypeError(f"{serializer_class.__name__} has rules in its methods")
