"""Every frame of the socket that a test reads is held against docs/asyncapi.yaml."""

from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

from tests.json_schemas import closed, make_validator

Json = dict[str, Any]

DOCUMENT = (Path(__file__).parents[1] / "docs" / "asyncapi.yaml").read_text()
"""Read before an event loop runs."""


def read_frame(raw: str | bytes, *, command: str | None = None) -> Json:
    """Decode a frame of the server. Raises AssertionError if the document does not describe it."""
    frame: Json = orjson.loads(raw)
    check_frame(frame, command=command)
    return frame


def check_frame(frame: Json, *, command: str | None = None) -> None:
    """`command`: what a reply answers; without it, the reply is that of any command. Raises
    AssertionError."""
    if frame["type"] == "hello":
        _require(_in_whole_seconds(frame), "hello")
    elif frame["type"] != "reply":
        _require(frame, frame["type"])
    elif command is not None:
        _require(frame, f"{command}.reply")
    else:
        fits = any(message_validator(name).is_valid(frame) for name in _replies())
        assert fits, f"the reply of no command: {frame}"


@cache
def document() -> Json:
    """The AsyncAPI document."""
    loaded: Json = yaml.load(DOCUMENT, yaml.CSafeLoader)
    return loaded


@cache
def message_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """The validator of a message of the document. Raises KeyError."""
    return make_validator(document()["components"]["messages"][name]["payload"], _components())


def _require(frame: Json, name: str) -> None:
    assert name in document()["components"]["messages"], f"not in the document: {frame}"
    error = next(iter(message_validator(name).iter_errors(frame)), None)
    assert error is None, f"{name}: {error.message} in {frame}"


def _in_whole_seconds(hello: Json) -> Json:
    """Tests shorten the interval of heartbeats to parts of a second."""
    seconds = hello["data"]["heartbeat_seconds"]
    return {**hello, "data": {**hello["data"], "heartbeat_seconds": ceil(seconds)}}


@cache
def _replies() -> list[str]:
    return [name for name in document()["components"]["messages"] if name.endswith(".reply")]


@cache
def _components() -> Json:
    components: Json = closed({"schemas": document()["components"]["schemas"]})
    return components
