"""Parses JSON: one strict decoder for request bodies and frames."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

import msgspec
import orjson
from rest_framework.parsers import BaseParser

from chat.exceptions import InvalidJSON
from chat.payloads.fields import RawObject
from messaging.domain.exceptions import PayloadTooLarge
from messaging.domain.limits import get_limits

METADATA = "metadata"
"""The name of the field for a client's own object, in every document that has it."""
_DEEPEST = 16
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
"""It also matches an unterminated string. Otherwise the search would restart at each character."""
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse_json(data: bytes | str) -> Any:
    """Parse strict JSON (RFC 8259): UTF-8, no NaN, unique names in each object, at most 16 levels.

    A number beyond 64 bits is not an integer. A leading byte order mark is skipped, as section 8.1
    allows. Lone surrogates are kept, so that the error can name their field. An object under
    `metadata` is kept as the client wrote it. Raises InvalidJSON.
    """
    text = without_byte_order_mark(data if isinstance(data, str) else _decoded(data))
    if too_deep(text):
        raise InvalidJSON(f"The JSON is nested more than {_DEEPEST} levels deep. Flatten it.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if _ESCAPED_SURROGATE.search(text) is None:
            raise InvalidJSON(f"The JSON is not valid: {error}.") from None
        return _with_raw_object(_with_surrogates(text, error), text)
    require_unique_names(text)
    return _with_raw_object(value, text)


def too_deep(text: str) -> bool:
    """Return whether valid JSON is nested deeper than `parse_json` allows."""
    opened = text.count("{") + text.count("[")
    return opened > _DEEPEST and _is_deeper(text, _DEEPEST)


def without_byte_order_mark(text: str) -> str:
    """Return the text without a leading UTF-8 byte order mark."""
    return text.removeprefix("\ufeff")


def require_unique_names(text: str) -> None:
    """Refuse valid JSON in which an object has two members of the same name. Raises InvalidJSON.

    Some decoders keep the last member, others the first. Two readers must not see different values.
    """
    _NAMES.decode(text)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidJSON("The JSON is not valid UTF-8. Encode it as UTF-8.") from None


def _with_surrogates(text: str, error: ValueError) -> Any:
    """Parse JSON that orjson refuses only because of lone surrogates. Raises InvalidJSON."""
    try:
        value = _LENIENT.decode(text)
    except ValueError:
        raise InvalidJSON(f"The JSON is not valid: {error}.") from None
    if _SURROGATE.search(json.dumps(value, ensure_ascii=False)) is None:
        raise InvalidJSON(f"The JSON is not valid: {error}.")
    return value


def _with_raw_object(value: Any, text: str) -> Any:
    """Return the document with its client's own object as text."""
    if isinstance(value, dict) and isinstance(value.get(METADATA), dict):
        try:
            raw = bytes(_metadata.decode(text).metadata).decode()
        except msgspec.DecodeError:  # lone surrogates, which the core refuses
            raw = json.dumps(value[METADATA])
        value[METADATA] = RawObject(raw)
    return value


def _is_deeper(text: str, limit: int) -> bool:
    """Return whether valid JSON is nested deeper than this. In invalid JSON a decoder never gets
    deeper than is counted here."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        match match[0]:
            case "[" | "{":
                depth += 1
                if depth > limit:
                    return True
            case "]" | "}":
                depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJSON("An object has a duplicate name. Each name must be unique.")
    return members


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


_NAMES = json.JSONDecoder(object_pairs_hook=_unique, parse_int=len, parse_float=len)
"""It reads names alone. `len` is the cheapest function that takes the text of a number."""
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=orjson.loads,
    parse_float=orjson.loads,
    parse_constant=_constant,
)
"""A decoder that accepts lone surrogates, and otherwise the same as orjson."""


class _Metadata(msgspec.Struct):
    metadata: msgspec.Raw


_metadata = msgspec.json.Decoder(_Metadata)


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = get_limits().body_bytes
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise PayloadTooLarge(f"A request body has at most {limit} bytes. Send less.")
        return parse_json(data)
