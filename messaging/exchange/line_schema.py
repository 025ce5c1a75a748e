"""The JSON Schema of the lines of an exchange file."""

from functools import reduce
from operator import or_
from typing import Any

import msgspec

from messaging.exchange.line_types import LINES


def schema() -> dict[str, Any]:
    """Return the schema of a line."""
    (found,), definitions = msgspec.json.schema_components(
        [reduce(or_, LINES)], ref_template="#/$defs/{name}"
    )
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of an exchange file",
        **found,
        "$defs": dict(sorted(definitions.items())),
    }
    plain: dict[str, Any] = _with_portable_patterns(msgspec.json.decode(msgspec.json.encode(whole)))
    return plain


def _with_portable_patterns(node: Any) -> Any:
    """Write the anchors of Python's patterns as those of ECMA-262, which JSON Schema uses."""
    if isinstance(node, list):
        return [_with_portable_patterns(part) for part in node]
    if not isinstance(node, dict):
        return node
    portable = {name: _with_portable_patterns(value) for name, value in node.items()}
    if isinstance(pattern := node.get("pattern"), str):
        portable["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    return portable
