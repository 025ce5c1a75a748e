"""How a server answered an attack."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from tests.abuse.line import Answer


@dataclass(slots=True)
class Tally:
    """Counts of one attack in one process."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """By status and code of an answer, code of an error frame or of a close; `gone` where the
    connection was closed without a word."""
    sent: int = 0
    """Requests, frames and connections begun."""
    largest: int = 0
    """Bytes of the largest answer."""

    def note(self, outcome: str | Answer, *, sent: int = 1) -> None:
        self.sent += sent
        if isinstance(outcome, Answer):
            self.largest = max(self.largest, outcome.size)
            outcome = outcome.outcome
        self.outcomes[outcome] += 1

    def as_figures(self) -> dict[str, Any]:
        return {"outcomes": dict(self.outcomes), "sent": self.sent, "largest": self.largest}

    @classmethod
    def of(cls, figures: dict[str, Any]) -> Self:
        return cls(Counter(figures["outcomes"]), figures["sent"], figures["largest"])
