"""JSON in: one strict decoder for request bodies and frames."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.parsers import BaseParser

from chat.errors import InvalidJSON
from messaging.exceptions import PayloadTooLarge
from messaging.limits import get_limits

_DEEPEST = 16
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r"[\[\]{}]")


def parse_json(data: bytes | str) -> Any:
    """Strict JSON (RFC 8259): UTF-8, no NaN, no lone surrogates, every name once in its object,
    at most 16 levels deep; a number beyond 64 bits is no integer. Raises InvalidJSON."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidJSON(f"This is not valid JSON: {error}.") from None
    text = data if isinstance(data, str) else data.decode()
    opened = text.count("{") + text.count("[")
    if opened > _DEEPEST and _depth(text) > _DEEPEST:
        raise InvalidJSON(f"This is nested deeper than {_DEEPEST} levels.")
    # orjson keeps the last of several members of one name, others the first: who reads what was
    # checked by somebody else must not see something else.
    _NAMES.decode(text)
    return value


def _depth(text: str) -> int:
    """Of valid JSON."""
    deepest = depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidJSON("A name stands twice in one object.")


def _nothing(number: str) -> None:
    """Numbers are looked at elsewhere."""


_NAMES = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_nothing, parse_float=_nothing)


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
