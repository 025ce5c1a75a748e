"""What acts refer to, and how they are described."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

LATEST = 5
"""How many messages acts are about."""
NOWHERE = "a" * 26
"""The id of no message."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Below the conversation; a path that begins with a slash is below the API."""
    body: Json | None = None
    files: int = 0
    """How many files are uploaded first. Their ids become the `attachments` of the body."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the socket. A person who is not connected does nothing."""

    type: str
    fields: Json
    """Without the `conversation_id`."""


@dataclass(slots=True)
class Scene:
    id: str
    people: Sequence[str]
    """Everybody who may be in it; the first is the owner of a group."""
    sent: list[str] = field(default_factory=list)
    """The ids of the messages, in the order in which they were answered."""
    erased: set[str] = field(default_factory=set)
    """The people whose erasure was requested. Nobody else is signed out."""

    def message(self, number: int) -> str:
        """Return one of the latest messages."""
        return self.sent[-1 - number % min(len(self.sent), LATEST)] if self.sent else NOWHERE

    def person(self, number: int) -> str:
        """Return anybody but the owner, who stays."""
        return self.people[1 + number % (len(self.people) - 1)]

    def anybody(self, number: int) -> str:
        """Return anybody, the owner included."""
        return self.people[number % len(self.people)]

    def seq(self, number: int) -> int:
        """Return the number of a message, or one that no message may have yet."""
        return number % (len(self.sent) + 2)


def messages_in(document: Any) -> Iterator[Json]:
    """Yield every message at any depth."""
    if isinstance(document, dict):
        if {"seq", "sender_id", "text"} <= document.keys():
            yield document
        for value in document.values():
            yield from messages_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from messages_in(value)
