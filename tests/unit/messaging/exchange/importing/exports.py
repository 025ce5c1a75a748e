"""Small exports, and what they become."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.exchange.checking import check
from messaging.exchange.lines import decode
from messaging.exchange.reading import Problem, read_lines
from messaging.exchange.records import FullMessage, Person, Position
from messaging.files.checking.workers import CheckingWorkers
from messaging.services.exchange.imported_files import ImportedFiles
from messaging.services.exchange.importing import Import


@dataclass(slots=True)
class Imported:
    problems: list[Problem] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    conversations: list[Conversation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    """Whose positions, in the order of the file."""

    @property
    def texts(self) -> list[str | None]:
        return [one.text for one in self.messages]


async def imported(product: str, source: Path, *, files: Path | None = None) -> Imported:
    """Convert an export. What it becomes has no problem."""
    found = Imported()
    target = source.with_name("imported.jsonl")
    workers = CheckingWorkers(most=1)
    with ImportedFiles(folder=files, workers=workers) as imported_files:
        importing = Import(
            product=product, people={}, files=imported_files, show=found.problems.append
        )
        try:
            complete = await importing.convert(source, target)
        finally:
            await workers.close()
    found.left_out = dict(importing.left_out)
    if not complete:
        assert found.problems
        return found
    with target.open("rb") as file:
        assert list(check(read_lines(file))) == []
    for line in target.read_bytes().splitlines():
        match decode(line):
            case Person() as one:
                found.people[one.user_id] = one
            case Conversation() as one:
                found.conversations.append(one)
            case Position() as one:
                found.positions.append(one.position.user_id)
            case FullMessage() as one:
                found.messages.append(one.message)
    return found


def write_lines(path: Path, values: Iterable[Any]) -> Path:
    """Write a file of JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(one)}\n" for one in values))
    return path
