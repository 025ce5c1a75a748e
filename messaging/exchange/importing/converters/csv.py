"""A CSV file: one message in each row.

Columns: `conversation`, `sender`, `sent_at` (RFC 3339) and `text`; optional are `title`, `kind`
(direct or group), `participants` (ids with spaces between them), `message_id`, `reply_to`,
`edited_at`, `deleted_at`, `mentions`, `file` (a path) and `sender_name`.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from messaging.exchange.importing.foreign import (
    Conversation,
    File,
    Found,
    Item,
    Member,
    Message,
    Origin,
    Person,
    Unusable,
)

REQUIRED = ("conversation", "sender", "sent_at", "text")
OPTIONAL = (
    *("title", "kind", "participants", "message_id", "reply_to", "edited_at", "deleted_at"),
    *("mentions", "file", "sender_name"),
)


def convert_export(path: Path) -> Iterator[Found]:
    begun: set[str] = set()
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = list(reader.fieldnames or ())
            if wrong := _wrong_header(names):
                yield Found(Unusable(wrong), Origin(path.name, 1))
                return
            for row in reader:
                number = reader.line_num
                origin = Origin(path.name, number)
                try:
                    for item in _row(row, number, begun):
                        yield Found(item, origin)
                except Unusable as unusable:
                    yield Found(unusable, origin)
    except csv.Error as error:
        yield Found(Unusable(f"It is not CSV: {error}."), Origin(path.name, number + 1))
    except UnicodeDecodeError:
        yield Found(Unusable("The file is not UTF-8."), Origin(path.name, number + 1))


def _wrong_header(names: list[str]) -> str:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        return f"The first line lacks the columns {', '.join(missing)}."
    unknown = [name for name in names if name not in (*REQUIRED, *OPTIONAL)]
    return f"The first line has unknown columns: {', '.join(map(str, unknown))}." if unknown else ""


def _row(row: Mapping[str, Any], number: int, begun: set[str]) -> Iterator[Item]:
    if None in row or None in row.values():
        raise Unusable("The row has another number of columns than the first line.")
    conversation, sender = row["conversation"].strip(), row["sender"].strip()
    if not conversation or not sender:
        raise Unusable("`conversation` and `sender` must not be empty.")
    kind = row.get("kind") or "group"
    if kind not in {"direct", "group"}:
        raise Unusable("`kind` is direct or group.")
    message = _message(row, number, conversation, sender)
    if conversation not in begun:
        begun.add(conversation)
        title = row.get("title") or None
        yield Conversation(id=conversation, direct=kind == "direct", title=title)
    yield Person(id=sender, name=row.get("sender_name") or None, at=message.at)
    for person in (sender, *(row.get("participants") or "").split()):
        yield Member(conversation=conversation, person=person)
    yield message


def _message(row: Mapping[str, Any], number: int, conversation: str, sender: str) -> Message:
    path = row.get("file") or ""
    files = (File(path=path, name=Path(path).name),) if path else ()
    return Message(
        id=row.get("message_id") or f"line {number}",
        conversation=conversation,
        sender=sender,
        text=row["text"],
        at=_time(row, "sent_at"),
        edited_at=_time(row, "edited_at") if row.get("edited_at") else None,
        deleted_at=_time(row, "deleted_at") if row.get("deleted_at") else None,
        reply_to=row.get("reply_to") or None,
        mentions=tuple((row.get("mentions") or "").split()),
        files=files,
    )


def _time(row: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(row[name])
    except ValueError:
        raise Unusable(f"`{name}` is not a time of RFC 3339: {row[name][:40]!r}.") from None
