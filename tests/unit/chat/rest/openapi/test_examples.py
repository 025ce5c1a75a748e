"""The OpenAPI document explains itself: a front-end developer needs nothing beside it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chat.rest.openapi.words import TAGS, WORDS
from tests.integration.chat import schema, validator

Json = dict[str, Any]


def operations() -> Iterator[Json]:
    for item in schema()["paths"].values():
        yield from item.values()


def contents() -> Iterator[tuple[str, Json]]:
    """Every body that is asked for or answered."""
    for operation in operations():
        name = operation["operationId"]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{name} request", content
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values():
                yield f"{name} {status}", content


def test_every_property_is_described() -> None:
    for component, found in schema()["components"]["schemas"].items():
        for name, shape in found.get("properties", {}).items():
            assert shape.get("description"), f"{component}.{name}"
            nested = {"allOf", "anyOf"} & shape.keys() or "$ref" in shape.get("items", {})
            assert nested or "example" in shape, f"{component}.{name}"


def test_every_parameter_and_answer_is_described() -> None:
    for operation in operations():
        assert operation["summary"]
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (operation["operationId"], parameter["name"])
            assert "example" in parameter
        for status, answer in operation["responses"].items():
            assert answer["description"], (operation["operationId"], status)
            for name, header in answer.get("headers", {}).items():
                said = {**header["schema"], **header}
                assert said.get("description"), (operation["operationId"], name)
                assert "example" in said, (operation["operationId"], name)


def test_no_words_are_left_over() -> None:
    """Each describes a property or a parameter that the API has."""
    document = schema()
    names = {
        (component.removesuffix("Request"), name)
        for component, found in document["components"]["schemas"].items()
        for name in found.get("properties", {})
    }
    for operation in operations():
        for parameter in operation.get("parameters", ()):
            names |= {("", parameter["name"]), (operation["operationId"], parameter["name"])}
    used = {key if (key := f"{component}.{name}") in WORDS else name for component, name in names}

    assert WORDS.keys() - used == set()


@pytest.mark.parametrize(("name", "content"), [pytest.param(*one, id=one[0]) for one in contents()])
def test_every_example_is_what_the_schema_says(name: str, content: Json) -> None:
    errors = list(validator(content["schema"]).iter_errors(content["example"]))

    assert not errors, errors[0].message


def test_every_example_of_a_single_value_is_what_its_schema_says() -> None:
    """Of properties, parameters and headers."""
    document = schema()
    examples = [
        (f"{component}.{name}", shape, shape["example"])
        for component, found in document["components"]["schemas"].items()
        for name, shape in found.get("properties", {}).items()
        if "example" in shape
    ]
    for operation in operations():
        named = {one["name"]: one for one in operation.get("parameters", ())}
        for answer in operation["responses"].values():
            named |= answer.get("headers", {})
        examples += [
            (f"{operation['operationId']} {name}", one["schema"], said["example"])
            for name, one in named.items()
            if (said := {**one["schema"], **one})
        ]

    assert examples
    for where, shape, example in examples:
        errors = list(validator(shape).iter_errors(example))
        assert not errors, f"{where}: {errors[0].message}"


def test_every_operation_belongs_to_a_noun() -> None:
    document = schema()
    assert {tag["name"] for tag in document["tags"]} == set(TAGS)
    assert all(len(operation["tags"]) == 1 for operation in operations())
    assert document["servers"]


def test_null_is_a_type() -> None:
    """As JSON Schema has it, which is what OpenAPI 3.1 speaks."""
    document = schema()
    last_message = document["components"]["schemas"]["Conversation"]["properties"]["last_message"]

    assert document["openapi"] == "3.1.0"
    assert last_message["anyOf"] == [{"$ref": "#/components/schemas/Message"}, {"type": "null"}]
    assert '"nullable"' not in json.dumps(document)


def test_every_operation_describes_its_refusals() -> None:
    """Those of every request, and those of a body; each shows what it looks like."""
    for operation in operations():
        expected = {"400", "401", "403", "406", "429", "500", "503"}
        if "requestBody" in operation:
            expected |= {"413", "415"}
        refusals = {status for status in operation["responses"] if status >= "400"}
        assert refusals >= expected, operation["operationId"]
        for status in refusals:
            content = operation["responses"][status]["content"]["application/problem+json"]
            assert content["example"]["status"] == int(status), operation["operationId"]


def test_an_operation_id_is_a_verb_and_its_object() -> None:
    """It is the name of a method in generated clients."""
    ids = [operation["operationId"] for operation in operations()]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", one) for one in ids)
