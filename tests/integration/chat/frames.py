"""What the socket sends, held against the AsyncAPI document."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chat.socket.asyncapi import make
from tests.integration.chat import as_json_schema, formats

Json = dict[str, Any]


@cache
def document() -> Json:
    """The AsyncAPI document."""
    return make()


@cache
def message_validator(name: str) -> Draft202012Validator:
    """What checks frames against a message of the document, and refuses what is not in it."""
    payload = document()["components"]["messages"][name]["payload"]
    return Draft202012Validator(
        {**as_json_schema(payload), "components": _components()}, format_checker=formats
    )


@cache
def _components() -> Json:
    components: Json = as_json_schema({"schemas": document()["components"]["schemas"]})
    return components


def check_frame(frame: Json, *, command: str | None = None) -> None:
    """`command`: what a reply answers, if that is known. Raises AssertionError."""
    if frame["type"] != "reply":
        _require(frame, frame["type"])
    elif command is not None:
        _require(frame, f"{command}.reply")


def _require(frame: Json, name: str) -> None:
    errors = list(message_validator(name).iter_errors(frame))
    assert not errors, f"{name}: {errors[0].message} in {frame}"
