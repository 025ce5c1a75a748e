"""The rules for metadata: a JSON object of the client's own, kept as text."""

import json
import math
from typing import Any, NoReturn

import msgspec

from messaging.domain.exceptions import InvalidRequest

MAX_BYTES = 4 * 1024
MAX_LEVELS = 5
"""The object itself is the first level."""


def require_metadata(text: str) -> str:
    """Return the JSON object without the white space between its tokens; names, order and numbers
    stay as given. Raises InvalidRequest."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise _refused(f"The metadata has more than {MAX_BYTES} bytes. Shorten it.", "max_length")
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        detail = "The metadata is not a JSON object with unique names and finite numbers."
        raise _refused(f"{detail} Correct it.", "invalid") from None
    if not isinstance(value, dict):
        raise _refused("The metadata must be a JSON object.", "invalid")
    _require_plain(value, level=1)
    return msgspec.json.format(text.encode(), indent=-1).decode()


def canonical(text: str | None) -> str | None:
    """Return the same text for equal metadata, whatever the order of its names."""
    return None if text is None else json.dumps(json.loads(text), sort_keys=True)


def _require_plain(value: Any, *, level: int) -> None:
    """Require few levels, and strings without NUL and lone surrogates. Raises InvalidRequest."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            detail = "The metadata has NUL characters or lone surrogates. Remove them."
            raise _refused(detail, "invalid_characters")
        return
    if not isinstance(value, dict | list):
        return
    if level > MAX_LEVELS:
        detail = f"The metadata has more than {MAX_LEVELS} levels. Flatten it."
        raise _refused(detail, "too_deep")
    if isinstance(value, dict):
        for name in value:
            _require_plain(name, level=level)
        value = list(value.values())
    for inner in value:
        _require_plain(inner, level=level + 1)


def _refused(detail: str, code: str) -> InvalidRequest:
    return InvalidRequest.of("metadata", detail, code)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is not unique")
    return members


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
)
