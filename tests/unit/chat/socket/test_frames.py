"""Commands in, replies and errors out."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import Problem
from chat.exceptions import InvalidJSON
from chat.socket.frames import Unreadable, encode_error, encode_reply, parse_command
from messaging.domain.exceptions import InvalidRequest, PayloadTooLarge

LIMIT = 64 * 1024


def frame(**fields: Any) -> str:
    return json.dumps({"type": "ping", **fields})


@pytest.mark.parametrize("command_id", [0, 7, -1, 2**53 - 1, -(2**53) + 1, "", "a", "x" * 64, "🦆"])
def test_usable_ids(command_id: int | str) -> None:
    """An integer or a string of at most 64, given back as it came."""
    command = parse_command(frame(id=command_id, more=1))

    assert (command.id, command.type, command.fields) == (command_id, "ping", {"more": 1})
    assert json.loads(encode_reply(command.id, {})) == {
        "id": command_id,
        "type": "reply",
        "data": {},
    }


@pytest.mark.parametrize(
    "command_id",
    [
        None,
        True,
        False,
        1.0,
        1.5,
        "x" * 65,
        "\ud800",
        "a\udfff",
        [],
        {},
        [7],
        2**53,
        -(2**53),
        2**64,
        10**30,
    ],
)
def test_unusable_ids(command_id: object) -> None:
    with pytest.raises(Unreadable) as unreadable:
        parse_command(frame(id=command_id))

    assert isinstance(unreadable.value.reason, InvalidRequest)
    assert unreadable.value.reason.errors[0].field == "id"


def test_no_id() -> None:
    with pytest.raises(Unreadable):
        parse_command(frame())


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "ping", "{", '{"id": 1', '{"id": 1}{"id": 2}', '{"id": 1,}', "{'id': 1}"),
        *('{"id": NaN}', '{"id": 1, "x": Infinity}', '{"id": "\\ud800"', '{"id": "\x00"}'),
        *('{"id": 1, "x": ' + "[" * 5_000 + "]" * 5_000 + "}", "[" * 60_000),
    ],
    ids=range(14),
)
def test_what_is_not_json(text: str) -> None:
    """Strictly; nesting is bounded."""
    with pytest.raises(Unreadable) as unreadable:
        parse_command(text)

    assert isinstance(unreadable.value.reason, InvalidJSON)


@pytest.mark.parametrize("text", ["[]", "1", '"ping"', "null", "true", '[{"id": 1}]', None])
def test_what_is_no_object(text: str | None) -> None:
    """None stands for a binary frame."""
    with pytest.raises(Unreadable) as unreadable:
        parse_command(text)

    assert isinstance(unreadable.value.reason, InvalidRequest)


@pytest.mark.parametrize("filling", ["x", "é", "🦆"])
def test_the_limit_is_in_bytes(filling: str) -> None:
    """64 KiB of UTF-8 are read, one byte more is not."""
    size = len(filling.encode())
    empty = len(json.dumps({"id": 1, "type": "x", "text": ""}))
    text = filling * ((LIMIT - empty) // size)
    longest = json.dumps({"id": 1, "type": "x", "text": text}, ensure_ascii=False)
    longest += " " * (LIMIT - len(longest.encode()))

    assert parse_command(longest).fields == {"text": text}
    with pytest.raises(Unreadable) as unreadable:
        parse_command(longest + " ")
    assert isinstance(unreadable.value.reason, PayloadTooLarge)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_command_or_unreadable(text: str) -> None:
    """Nothing else is ever raised."""
    with contextlib.suppress(Unreadable):
        parse_command(text)


@given(
    st.dictionaries(
        st.sampled_from(["id", "type", "text", "conversation_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
    )
)
def test_any_object_is_a_command_or_unreadable(fields: dict[str, Any]) -> None:
    try:
        command = parse_command(json.dumps(fields))
    except Unreadable:
        return
    assert command.id == fields["id"]


def test_errors() -> None:
    """`id: null` where there was no usable one."""
    problem = Problem(code="store_unavailable", detail="Away.", retry_after=2)

    assert json.loads(encode_error(None, problem)) == {
        "id": None,
        "type": "error",
        "code": "store_unavailable",
        "detail": "Away.",
        "status": 503,
        "retry_after": 2,
    }


@pytest.mark.parametrize("filling", ["x", "é", "🦆"])
def test_the_limit_is_in_bytes_for_every_character(filling: str) -> None:
    """A short text of long characters may be above it."""
    size = len(filling.encode())
    text = json.dumps({"id": 1, "text": filling * (LIMIT // size)}, ensure_ascii=False)

    with pytest.raises(Unreadable) as unreadable:
        parse_command(text)
    assert isinstance(unreadable.value.reason, PayloadTooLarge)
