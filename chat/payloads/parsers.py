"""JSON in: one strict decoder for request bodies and frames."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

import orjson
from rest_framework.parsers import BaseParser

from chat.exceptions import InvalidJSON
from messaging.domain.exceptions import PayloadTooLarge
from messaging.domain.limits import get_limits

_DEEPEST = 16
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
"""One that never ends matches as well: the search would begin again at each of its characters."""
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BRACKET = re.compile(r"[\[\]{}]")


def parse_json(data: bytes | str) -> Any:
    """Strict JSON (RFC 8259): UTF-8, no NaN, every name once in its object, at most 16 levels
    deep; a number beyond 64 bits is no integer. A byte order mark before it is skipped, as 8.1
    allows. Lone surrogates are kept, for the field that has them to be refused by its name.
    Raises InvalidJSON."""
    text = without_byte_order_mark(data if isinstance(data, str) else _decoded(data))
    opened = text.count("{") + text.count("[")
    if opened > _DEEPEST and _depth(text) > _DEEPEST:
        raise InvalidJSON(f"The JSON is nested more than {_DEEPEST} levels deep.")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if _ESCAPED_SURROGATE.search(text) is None:
            raise InvalidJSON(f"The JSON is not valid: {error}.") from None
        return _with_surrogates(text, error)
    require_unique_names(text)
    return value


def without_byte_order_mark(text: str) -> str:
    """The text without a UTF-8 byte order mark before it."""
    return text.removeprefix("\ufeff")


def require_unique_names(text: str) -> None:
    """Refuse valid JSON in which an object has two members of one name. Raises InvalidJSON.

    Decoders keep the last of them, others the first: what one reader checked must not be
    something else to the next."""
    _NAMES.decode(text)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidJSON("The JSON is not valid UTF-8.") from None


def _with_surrogates(text: str, error: ValueError) -> Any:
    """What orjson refuses for its lone surrogates alone. Raises InvalidJSON."""
    try:
        value = _LENIENT.decode(text)
    except ValueError:
        raise InvalidJSON(f"The JSON is not valid: {error}.") from None
    if _SURROGATE.search(json.dumps(value, ensure_ascii=False)) is None:
        raise InvalidJSON(f"The JSON is not valid: {error}.")
    return value


def _depth(text: str) -> int:
    """Of valid JSON. What is not valid is never deeper to a decoder, which stops where it ends."""
    deepest = depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJSON("An object has a duplicate name.")
    return members


def _nothing(number: str) -> None:
    """Numbers are looked at elsewhere."""


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_NAMES = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_nothing, parse_float=_nothing)
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=orjson.loads,
    parse_float=orjson.loads,
    parse_constant=_constant,
)
"""Takes lone surrogates, and otherwise what orjson takes."""


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
            raise PayloadTooLarge(f"A request body has at most {limit} bytes.")
        return parse_json(data)
