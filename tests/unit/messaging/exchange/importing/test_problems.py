"""Damaged values: each is a problem with its line, or is mended without a word lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.messaging.exchange.importing.exports import imported, write_lines

FIELDS: dict[str, Any] = {
    "id": "m1",
    "channel_type": "team",
    "channel_id": "tea",
    "user": "ann",
    "text": "hello",
    "created_at": "2020-01-01T12:00:00Z",
}


def stream(*messages: dict[str, Any], **channel: Any) -> list[Any]:
    item = {"id": "tea", "type": "team", "member_ids": ["ann"], **channel}
    lines = [{"type": "message", "item": FIELDS | one} for one in messages]
    return [{"type": "channel", "item": item}, *lines]


async def test_times_without_a_zone_are_in_utc(tmp_path: Path) -> None:
    """They are ordered among times with one, and beside a creation with one."""
    lines = stream(
        {"id": "m3", "text": "3", "created_at": "2020-01-01T12:30:00Z"},
        {"id": "m1", "text": "1", "created_at": "2020-01-01T13:15:00+02:00"},
        {"id": "m2", "text": "2", "created_at": "2020-01-01T12:00:00"},
        created_at="2020-01-01T00:00:00",
    )
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))

    assert found.texts == ["1", "2", "3"]
    assert found.conversations[0].created_at.isoformat() == "2020-01-01T00:00:00+00:00"


async def test_half_an_emoji_in_a_text_is_left_out(tmp_path: Path) -> None:
    attachment = {"asset_url": "https://x.example/a", "title": "a\ud83d"}
    lines = stream({"text": "hi \ud83d", "attachments": [attachment]}, name="Tea \ud83d")
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))

    assert found.problems == []
    assert found.texts == ["hi "]
    assert found.conversations[0].title == "Tea"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": "\ud83d"}, "lone surrogate"),
        ({"channel_id": "\ud83d"}, "lone surrogate"),
        ({"attachments": [{"asset_url": "https://x.example/\ud83d"}]}, "lone surrogate"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "No calendar has the time"),
        ({"created_at": "1969-12-31T23:59:59Z"}, "before 1970"),
        ({"deleted_at": "9999-12-31T23:59:59Z"}, "in the future"),
        ({"message_text_updated_at": "9999-12-31T23:59:59-14:00"}, "No calendar has the time"),
    ],
)
async def test_the_line_of_a_value_that_no_store_keeps_is_named(
    fields: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    lines = [*stream({}), *stream(FIELDS | {"id": "m2"} | fields)[1:]]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))

    assert [one.line for one in found.problems] == [3]
    assert reason in str(found.problems[0])
    str(found.problems[0]).encode()


async def test_a_reason_can_be_printed(tmp_path: Path) -> None:
    """It quotes the export."""
    reaction = {"message_id": "\ud83d\x1b[2J", "type": "like", "user_id": "ann"}
    lines = [*stream({}), {"type": "reaction", "item": reaction}, {"type": "\ud83d", "item": {}}]
    found = await imported("stream", write_lines(tmp_path / "a.jsonl", lines))

    (problem,) = found.problems
    assert str(problem).encode().isascii()
    assert "\x1b" not in str(problem)


async def test_a_time_outside_of_the_calendar_is_a_problem_of_its_row(tmp_path: Path) -> None:
    export = tmp_path / "a.csv"
    export.write_text(
        "conversation,sender,sent_at,text\n"
        "tea,ann,2020-01-01T00:00:00Z,1\n"
        "tea,ann,0001-01-01T00:00:00+14:00,2\n"
    )
    found = await imported("csv", export)
    assert [one.line for one in found.problems] == [3]


async def test_a_time_in_microseconds_is_a_problem_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("[]")
    channels = [
        {"id": "C1", "created": 1_500_000_000},
        {"id": "C2", "created": 1_500_000_000_000_000},
    ]
    text = ",\n".join(map(json.dumps, channels))
    (tmp_path / "channels.json").write_text(f"[\n{text}\n]")
    found = await imported("slack", tmp_path)

    assert [(one.file, one.line) for one in found.problems] == [("channels.json", 3)]


@pytest.mark.parametrize("path", ["a\0b", "a/" * 200, "x" * 300])
async def test_a_path_that_no_folder_has_is_a_problem(path: str, tmp_path: Path) -> None:
    export = tmp_path / "a.csv"
    export.write_text(
        f"conversation,sender,sent_at,text,file\ntea,ann,2020-01-01T00:00:00Z,1,{path}\n"
    )
    found = await imported("csv", export, files=tmp_path)

    (problem,) = found.problems
    assert "The folder of files has no" in problem.reason
    assert "\0" not in problem.reason
