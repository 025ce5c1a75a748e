"""docs/asyncapi.yaml names every frame of the socket, describes it, and shows one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import call_command

from chat.asyncapi.document import make
from chat.asyncapi.frame_shapes import DURABLE, REPLIES, SESSION, SOFT, WORDS
from chat.socket.commands import TYPED
from messaging.wire.events import EventType
from tests.frames import DOCUMENT, check_frame, document, message_validator

Json = dict[str, Any]

MESSAGES = list(document()["components"]["messages"])


def properties() -> Iterator[tuple[str, str, Json]]:
    """Every property of a message or component: where, its name, its schema."""
    components = document()["components"]
    found = {name: one["payload"] for name, one in components["messages"].items()}
    stack = [*found.items(), *components["schemas"].items()]
    while stack:
        where, node = stack.pop()
        for name, schema in node.get("properties", {}).items():
            yield where, name, schema
            stack.append((f"{where}.{name}", schema))


def test_it_is_what_the_socket_says_of_itself(tmp_path: Path) -> None:
    """`make schema` writes it anew."""
    made = tmp_path / "asyncapi.yaml"
    call_command("asyncapi", file=made)

    assert made.read_text() == DOCUMENT, "Run `make schema` and look at what changed."


def test_each_call_makes_a_document_of_its_own() -> None:
    """What is done to one of them changes no other."""
    before = json.dumps(make())
    empty(make())

    assert json.dumps(make()) == before


def empty(value: Any) -> None:
    """Take everything out of a document, from the inside."""
    for one in list(value.values() if isinstance(value, dict) else value):
        if isinstance(one, dict | list):
            empty(one)
    value.clear()


def test_every_command_has_its_reply_and_every_event_is_there() -> None:
    events = DURABLE.keys() | SOFT.keys() | SESSION.keys()
    assert events == {kind.value for kind in EventType}
    assert REPLIES.keys() == TYPED.schemas().keys()
    replies = {f"{name}.reply" for name in REPLIES}
    assert set(MESSAGES) == {*REPLIES, *replies, *events, "error"}
    listed = {
        reference["$ref"].rpartition("/")[2]
        for operation in document()["operations"].values()
        for reference in (*operation["messages"], *operation.get("reply", {}).get("messages", ()))
    }
    assert listed == set(MESSAGES)


def test_every_property_is_described() -> None:
    found = list(properties())

    assert found
    for where, name, schema in found:
        assert schema.get("description"), f"{where}.{name}"


def test_no_words_are_left_over() -> None:
    used = {name for _, name, _ in properties()}

    assert {name.rpartition(".")[2] for name in WORDS} - used == set()


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_is_what_the_schema_says(name: str) -> None:
    (one,) = document()["components"]["messages"][name]["examples"]

    message_validator(name).validate(one["payload"])


@pytest.mark.parametrize(
    "change",
    [{"surprise": 1}, {"version": "1"}, {"at": "2026-01-01"}, {"data": {"message": None}}],
)
def test_these_tests_notice_a_wrong_frame(change: Json) -> None:
    """The check that all frames of the tests go through fails for a wrong type, form or name."""
    (one,) = document()["components"]["messages"]["message.created"]["examples"]
    check_frame(one["payload"])

    with pytest.raises((AssertionError, jsonschema_rs.ValidationError)):
        check_frame({**one["payload"], **change})


def test_no_test_decodes_what_it_receives_by_itself() -> None:
    """`read_frame` also holds it against the document. Benchmarks pay for no check."""
    tests = Path(__file__).parents[4]
    by_themselves = {
        str(path.relative_to(tests))
        for path in tests.rglob("*.py")
        if re.search(r"loads\([^)\n]*\brecv\(", path.read_text())
    }

    assert {path for path in by_themselves if not path.startswith("benchmarks/")} == set()
