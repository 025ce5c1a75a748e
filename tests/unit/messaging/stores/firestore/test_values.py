"""Python's values as Firestore's, and back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore_v1.types import Document

from messaging.domain.change import COMMIT_TIME
from messaging.stores.firestore import values
from messaging.stores.firestore.values import AtLeast


def document() -> Any:
    return Document.pb()()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("seq", "seq"),
        ("_a1", "_a1"),
        ("1a", "`1a`"),
        ("a.b", "`a.b`"),
        ("a-b:c@d", "`a-b:c@d`"),
        ("a`b", "`a\\`b`"),
        ("a\\b", "`a\\\\b`"),
        ("ä", "`ä`"),
        ("", "``"),
        ("a\n", "`a\n`"),
    ],
)
def test_a_name_is_quoted_unless_it_is_plain(name: str, path: str) -> None:
    """https://firebase.google.com/docs/firestore/quotas: constraints on field names."""
    assert values.quoted(name) == path


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(2024, 2, 29, 12, 30, 15, 123_456, UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_a_time_reads_back_to_the_microsecond(moment: datetime) -> None:
    """Also those before 1970, of which the nanoseconds count forward."""
    fields = document().fields

    values.write_fields(fields, {"at": moment})

    assert values.read_time(fields["at"]) == moment
    assert fields["at"].timestamp_value.nanos >= 0


def test_a_token_keeps_every_nanosecond() -> None:
    """A precondition on a rounded time would never hold."""
    found = document()
    found.update_time.seconds, found.update_time.nanos = 1_700_000_000, 123_456_789
    written = document()

    values.write_token(written.update_time, values.read_token(found.update_time))

    assert written.update_time == found.update_time


def test_what_is_empty_is_written() -> None:
    """None, and lists and maps without anything in them, are values."""
    fields = document().fields

    values.write_fields(fields, {"none": None, "list": [], "map": {}, "text": "", "zero": 0})

    kinds = {name: fields[name].WhichOneof("value_type") for name in fields}
    assert kinds == {
        "none": "null_value",
        "list": "array_value",
        "map": "map_value",
        "text": "string_value",
        "zero": "integer_value",
    }
    assert values.read_text(fields["none"]) is None
    assert values.read_time(fields["none"]) is None
    assert values.read_text(fields["text"]) == ""


def test_transforms_are_no_values() -> None:
    """They are left out of the fields, and named by their path."""
    fields = document().fields

    transforms = values.write_fields(
        fields, {"at": COMMIT_TIME, "a.b": {"deep": {"n": AtLeast(3)}, "at": COMMIT_TIME}}
    )

    assert transforms == [
        ("at", COMMIT_TIME),
        ("`a.b`.deep.n", AtLeast(3)),
        ("`a.b`.at", COMMIT_TIME),
    ]
    assert list(fields) == ["a.b"]
    assert list(fields["a.b"].map_value.fields) == ["deep"]
