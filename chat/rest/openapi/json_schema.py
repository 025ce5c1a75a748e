"""Makes OpenAPI 3.1 of the 3.0 document that the library builds: its schemas are JSON Schema.

Generators of clients ignore `nullable` beside a reference, which is how 3.0 says that an object may
be null. The library can build 3.1 itself, but our hooks before this one read 3.0.
"""

from typing import Any

Json = dict[str, Any]

_VERSION = "3.1.0"
_NULL: Json = {"type": "null"}


def use_json_schema(result: Json, **_: Any) -> Json:
    """Write `null` as a type in place of `nullable` (a drf-spectacular hook, the last one)."""
    return {**_converted(result), "openapi": _VERSION}


def _converted(node: Any) -> Any:
    if isinstance(node, list):
        return [_converted(part) for part in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _converted(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is not True:
        return converted
    kind = converted.pop("type")
    if "allOf" in converted:
        return {"anyOf": [*converted.pop("allOf"), _NULL], **converted}
    return {"type": [kind, "null"], **converted}
