"""The lines of the exchange format."""

import json
from dataclasses import fields, replace
from datetime import timedelta, timezone
from pathlib import Path

import jsonschema_rs
import pytest

from messaging.domain.fields.codec import default_of
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.line_schema import schema
from messaging.exchange.lines import Malformed, decode, encode
from messaging.exchange.records import Record
from tests.unit.messaging.exchange.samples import AT, CONVERSATION, FULL_MESSAGE, MESSAGE, RECORDS

_OF_THE_STORE = {"updated_at", "last_message", "commit_id", "token", "counted", "archived"}
PAGE = Path(__file__).parents[4] / "docs" / "exchange.schema.json"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_one_line_and_comes_back(record: Record) -> None:
    line = encode(record)
    found = decode(line)

    assert line.count(b"\n") == 1
    assert encode(found) == line
    if record is CONVERSATION:
        record = replace(CONVERSATION, updated_at=CONVERSATION.active_at)
    assert found == record


def test_every_field_is_in_the_line() -> None:
    """The samples have another value than the default in each of them."""
    for entity in (CONVERSATION, MESSAGE):
        line = json.loads(encode(next(one for one in RECORDS if encoded_of(one) is entity)))
        for field in fields(entity):
            if field.name not in _OF_THE_STORE:
                assert getattr(entity, field.name) != default_of(field)
                assert field.name in line


def encoded_of(record: Record) -> object:
    return getattr(record, "message", record)


def test_equal_values_have_equal_lines() -> None:
    """Stores return maps in any order, and times in any zone."""
    other = replace(
        CONVERSATION,
        sent_seq=dict(reversed({"ann": 2, "bob": 1}.items())),
        created_at=AT.astimezone(timezone(timedelta(hours=2))),
    )
    assert encode(other) == encode(replace(CONVERSATION, sent_seq={"ann": 2, "bob": 1}))


def test_a_hash_shows_each_difference() -> None:
    def digest(*records: Record) -> str:
        hashed = ConversationHash()
        for record in records:
            hashed.add(record)  # type: ignore[arg-type]
        return hashed.digest()

    conversation, message = CONVERSATION, FULL_MESSAGE
    assert digest(conversation, message) == digest(decode(encode(conversation)), message)
    assert digest(conversation, message) != digest(conversation)
    changed = replace(message, message=replace(MESSAGE, text="other"))
    assert digest(conversation, message) != digest(conversation, changed)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "truncated"),
        (b"{}", "required field `record`"),
        (b'{"record":"none"}', "Invalid value 'none'"),
        (b'{"record":"end","records":-1}', "$.records"),
        (b'{"record":"end","records":1,"more":2}', "unknown field `more`"),
        (b'{"record":"end","records":1}\xff', "malformed"),
        (b'{"record":"person","user_id":"a b"}', "$.user_id"),
        (b'{"record":"person","user_id":"ann","name":"\xff"}', "UTF-8"),
        (b'{"record":"person","user_id":"ann","name":"\\u0000"}', "NUL"),
        (b'{"record":"person","user_id":"ann","name":"\\ud800"}', "truncated"),
        (b'{"record":"header","id":"x","version":2,"made_at":"2026-01-01T00:00:00Z"}', "version"),
        (b'{"record":"header","id":"x","version":1,"made_at":"2026-01-01T00:00:00"}', "timezone"),
    ],
)
def test_a_malformed_line_is_refused_with_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=r".") as refused:
        decode(line)
    assert reason in str(refused.value)


def test_the_schema_is_published() -> None:
    """`make schema` writes it."""
    assert json.loads(PAGE.read_text()) == schema()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_line_fits_the_schema(record: Record) -> None:
    jsonschema_rs.validate(schema(), json.loads(encode(record)))
