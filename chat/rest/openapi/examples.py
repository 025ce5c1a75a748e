"""Adds a description and an example to every property, parameter, request and answer."""

from collections.abc import Iterator
from typing import Any

from chat.errors import STATUS
from chat.payloads.service_serializers import ONLY
from chat.rest.openapi.words import TAGS, WORDS, Words

Json = dict[str, Any]

_PROBLEM = "application/problem+json"
_CODES = {status: code for code, (status, _) in reversed(STATUS.items())}
"""The first code of each status."""


def describe(result: Json, **_: Any) -> Json:
    """Add the words of `chat.rest.openapi.words` to the document (a drf-spectacular hook)."""
    schemas = result["components"]["schemas"]
    for component, schema in schemas.items():
        for name, found in schema.get("properties", {}).items():
            schema["properties"][name] = _described(found, words(name, component))
    for operation in _operations(result):
        operation.setdefault("security", [])
        for parameter in operation.get("parameters", ()):
            known = words(parameter["name"], operation["operationId"])
            parameter.setdefault("description", known.description)
            parameter["example"] = _parameter_example(parameter, known)
        _show_request(operation, schemas)
        for status, answer in operation["responses"].items():
            _show_answer(answer, int(status), schemas)
    used = {tag for operation in _operations(result) for tag in operation["tags"]}
    result["tags"] = [
        {"name": name, "description": description}
        for name, description in TAGS.items()
        if name in used
    ]
    return result


def words(name: str, component: str = "") -> Words:
    """Return the words for a property or parameter. Raises KeyError if there are none."""
    # A message is described once, with and without one's own reactions.
    component = component.removesuffix("Request").replace("OwnMessage", "Message")
    return WORDS.get(f"{component}.{name}") or WORDS[name]


def _operations(result: Json) -> Iterator[Json]:
    for item in result["paths"].values():
        yield from item.values()


def _described(schema: Json, known: Words) -> Json:
    if "$ref" in schema:  # OpenAPI 3.0 ignores the siblings of a $ref
        schema = {"allOf": [schema]}
    if schema.get("nullable") and "type" not in schema:
        schema["type"] = "object"
    schema.setdefault("description", known.description)
    if known.example or not _is_reference(schema):
        schema["example"] = known.example
    return schema


def _is_reference(schema: Json) -> bool:
    """Return whether its example is built from that of another component."""
    return bool(schema.keys() & {"$ref", "allOf"}) or "$ref" in schema.get("items", {})


def _parameter_example(parameter: Json, known: Words) -> Any:
    if parameter["schema"].get("type") == "string" and isinstance(known.example, list):
        return ",".join(known.example)
    return known.example


def _show_request(operation: Json, schemas: Json) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = example(content["schema"], schemas)
        named = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        for name, found in named.get("properties", {}).items():
            if found["description"].startswith(ONLY):  # the example is that of a person
                content["example"].pop(name, None)


def _show_answer(answer: Json, status: int, schemas: Json) -> None:
    if not answer.get("description"):
        answer["description"] = "Done" if status == 204 else "The answer"
    for media_type, content in answer.get("content", {}).items():
        shown = example(content["schema"], schemas)
        if media_type == _PROBLEM:
            code = _CODES[status]
            shown |= {
                "status": status,
                "code": code,
                "title": STATUS[code][1],
                "type": f"urn:chat:problem:{code}",
                "detail": f"{answer['description']}.",
            }
            if status != 400:
                shown.pop("errors", None)
        content["example"] = shown


def example(schema: Json, schemas: Json) -> Any:
    """Return an example document of the schema, built from the examples of its properties."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "example" in schema:
        return schema["example"]
    if parts := schema.get("allOf") or schema.get("anyOf"):
        is_value = "anyOf" in schema and not _is_reference(parts[0])
        return None if is_value else example(parts[0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if "items" in schema:
        return [example(schema["items"], schemas)]
    if "properties" in schema:
        return {name: example(found, schemas) for name, found in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        return {"q2m6v5b4x3n7k8j9h0": example(schema["additionalProperties"], schemas)}
    raise LookupError(schema)
