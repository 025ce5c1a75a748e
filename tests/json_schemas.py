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
        {**as_json_schema(schema), "components": components},
        validate_formats=True,
        formats={"date-time": _is_timestamp},
    )


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema knows null as a type."""
    if isinstance(node, list):
        return [as_json_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    converted = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if converted.get("type") == "object" and "properties" in converted:
        converted["additionalProperties"] = False
    if node.get("nullable") is True:
        return {"anyOf": [converted, {"type": "null"}]}
    return converted


def _is_timestamp(value: str) -> bool:
    """RFC 3339 in UTC with milliseconds."""
    return _TIMESTAMP.fullmatch(value) is not None
