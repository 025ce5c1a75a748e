"""Validators for parts of docs/openapi.yaml and docs/asyncapi.yaml."""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

Json = dict[str, Any]

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def make_validator(
    schema: Json, components: Mapping[str, Json]
) -> jsonschema_rs.Draft202012Validator:
    """The validator of a schema that refers to `components`. It refuses properties that are not in
    the schema."""
    return jsonschema_rs.Draft202012Validator(
        {**closed(schema), "components": components},
        validate_formats=True,
        formats={"date-time": _is_timestamp},
    )


def closed(node: Any) -> Any:
    """The schema with objects that have no other properties than those it names."""
    if isinstance(node, list):
        return [closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    converted = {key: closed(value) for key, value in node.items()}
    if converted.get("type") == "object" and "properties" in converted:
        converted["additionalProperties"] = False
    return converted


def _is_timestamp(value: str) -> bool:
    """RFC 3339 in UTC with milliseconds."""
    return _TIMESTAMP.fullmatch(value) is not None
