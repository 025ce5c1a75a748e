"""The strict JSON decoder: what it lets through is what every other reader would read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.exceptions import InvalidJSON
from chat.payloads.parsers import parse_json

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(_JSON)
def test_it_reads_what_json_is(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "data",
    [
        *("", " ", "{", "[1,]", "{'a': 1}", "nul", "01", "1 2", "\ufeff\ufeff{}", " \ufeff{}"),
        *("NaN", "Infinity", "-Infinity", '{"a": NaN}', "[1e]", "+1"),
        *(
            '"\\ud800',
            '"\\ud800" NaN',
            '{"a": "\\ud800", "a": 1}',
            "[" * 17 + '"\\ud800"' + "]" * 17,
        ),
        *('["\\ud800", NaN]', '["\\ud800", 1e400]', '["\\ud800", 01]'),
        '{"\\ud800":' * 10_000,
        '"' + '\\"' * 30_000 + "\\ud800",
        *('"\x00"', '"\n"', '"\\x41"', '"\\u12"'),
        *(b"\xff", b'"\xc3\x28"', b'"\xed\xa0\x80"', b'"\xf8\x88\x80\x80\x80"'),
        *('{"a": 1, "a": 1}', '{"a": 1, "\\u0061": 2}', '[{"b": {"a": 1, "b": 2, "a": 3}}]'),
        "[" * 17 + "]" * 17,
        '{"a":' * 17 + "1" + "}" * 17,
        "[" * 30_000,
        "[" * 30_000 + "]" * 30_000,
    ],
    ids=lambda data: repr(data)[:30],
)
def test_what_it_refuses(data: str | bytes) -> None:
    """And never fails in another way."""
    with pytest.raises(InvalidJSON):
        parse_json(data)


@pytest.mark.parametrize("text", ["{}", ' {"a": [1]}'])
def test_a_byte_order_mark_is_skipped(text: str) -> None:
    """RFC 8259 8.1 allows a reader to."""
    assert parse_json("\ufeff" + text) == parse_json(text)
    assert parse_json(b"\xef\xbb\xbf" + text.encode()) == parse_json(text)


@pytest.mark.parametrize(
    "data",
    [
        *(
            '"\\ud800"',
            '"\\udc00\\ud800"',
            '{"\\ud800": 1}',
            '{"a": ["x", "\\uDFFF"], "b": -1.5e3}',
        ),
        '["\\ud83e\\udd86", "\\ud83e", 18446744073709551615, true, null]',
    ],
)
def test_lone_surrogates_are_kept(data: str) -> None:
    """For the field that has them to be named; everything beside them is read as always."""
    assert parse_json(data) == json.loads(data)
    assert parse_json(data.encode()) == json.loads(data)


def test_a_number_beyond_64_bits_beside_a_lone_surrogate() -> None:
    """No integer either."""
    assert isinstance(parse_json('["\\ud800", 99999999999999999999]')[1], float)


def test_what_only_looks_too_deep() -> None:
    """Brackets within strings, and many beside each other."""
    wide = [[number] for number in range(1_000)]
    text = '["{}\\"' * 100

    assert parse_json(json.dumps([wide, text])) == [wide, text]


@pytest.mark.parametrize("digits", [20, 400, 10_000, 60_000])
def test_a_number_beyond_64_bits_is_no_integer(digits: int) -> None:
    """It is refused, or a fraction, which no field of ours takes."""
    try:
        value = parse_json("9" * digits)
    except InvalidJSON:
        return
    assert isinstance(value, float)
