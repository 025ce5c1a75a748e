"""The result of a verification: what is wrong with a conversation, and whether it was repaired."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Drift(StrEnum):
    """The ways in which a conversation and its messages may differ."""

    SEQ = "seq"
    VERSION = "version"
    LAST_MESSAGE = "last_message"
    SENT_SEQ = "sent_seq"
    UNCOUNTED = "uncounted"
    REACTIONS = "reactions"
    READ = "read"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNSETTLED = "unsettled"


_FOR_A_PERSON = {Drift.MISSING, Drift.UNREADABLE, Drift.UNSETTLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    drift: Drift
    detail: str

    @property
    def repairable(self) -> bool:
        return self.drift not in _FOR_A_PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result for one conversation."""

    conversation_id: str
    messages: int
    """The number of messages checked."""
    findings: Sequence[Finding]
    repaired: bool
    """Whether everything repairable was repaired."""

    @property
    def wrong(self) -> bool:
        """Return whether an error is left."""
        return any(not (self.repaired and finding.repairable) for finding in self.findings)
