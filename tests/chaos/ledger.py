"""The ledger: what the crowd did, and what the product has acknowledged of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.clients.known import Violation
from tests.clients.rest import Data


@dataclass(slots=True)
class Sent:
    """A message on its way, under one `client_id` however often it is tried."""

    client_id: str
    conversation_id: str
    sender_id: str
    text: str
    began: float
    acknowledged_at: float | None = None
    """When the first answer with the message came (`time.perf_counter`)."""
    refused: bool = False
    """For good, at the first try: it is nowhere."""
    through: str = ""
    """The instance that answered, where it was by a socket."""
    message_id: str = ""
    seq: int = 0
    version: int = 0


@dataclass(slots=True)
class Ledger:
    """Where an answer was lost, more than one state may be the true one: a set has them all."""

    sends: dict[str, Sent] = field(default_factory=dict)
    by_message: dict[str, Sent] = field(default_factory=dict)
    contents: dict[str, set[str | None]] = field(default_factory=dict)
    """The text that a message may have by now; None: deleted."""
    titles: dict[str, set[str]] = field(default_factory=dict)
    members: dict[str, dict[str, set[bool]]] = field(default_factory=dict)
    """Whether a person is in a conversation."""
    reads: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest read position acknowledged, by conversation and person."""
    versions: dict[str, int] = field(default_factory=dict)
    """The highest version acknowledged, by conversation."""
    changes: Counter[str] = field(default_factory=Counter)
    """How many changes of a conversation are certain."""
    unsure: Counter[str] = field(default_factory=Counter)
    """How many more there may be."""
    answered_wrongly: list[Violation] = field(default_factory=list)

    def founded(self, conversation: Data, title: str | None) -> None:
        conversation_id = conversation["id"]
        people = [person["user_id"] for person in conversation["participants"]]
        self.members[conversation_id] = {person: {True} for person in people}
        self.versions[conversation_id] = conversation["version"]
        if title is not None:
            self.titles[conversation_id] = {title}

    def acknowledged(self, sent: Sent, message: Data, at: float) -> None:
        if sent.acknowledged_at is None:
            sent.acknowledged_at = at
            sent.message_id, sent.seq, sent.version = (
                message[name] for name in ("id", "seq", "version")
            )
            self.by_message[sent.message_id] = sent
            self.contents[sent.message_id] = {sent.text}
            self.changed(sent.conversation_id, message["version"])

    def changed(self, conversation_id: str, version: int | None = None) -> None:
        """A change is certain; its version where the answer names it."""
        self.changes[conversation_id] += 1
        if version is not None:
            self.versions[conversation_id] = max(self.versions[conversation_id], version)

    def may_have_changed(self, conversation_id: str) -> None:
        self.unsure[conversation_id] += 1

    def certain_members(self, conversation_id: str) -> list[str]:
        return [user for user, states in self.members[conversation_id].items() if states == {True}]

    def snapshot(self) -> Mapping[str, int]:
        """The versions that everybody inside has to have."""
        return dict(self.versions)
