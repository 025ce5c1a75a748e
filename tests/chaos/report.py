"""The figures of a run: a table for people, JSON for programs."""

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.clients.known import Violation, Wrong

DEFAULT_FILE = Path(".development/chaos.json")
_SHOWN = 6
_WIDTH = 300


@dataclass(slots=True, kw_only=True)
class Outcome:
    """One run of one case."""

    case: str
    seed: int
    sent: int = 0
    acknowledged: int = 0
    delivered: int = 0
    """Messages that reached a client, each counted once per client."""
    slowest: float = 0.0
    """Seconds from an acknowledgement until the last socket had the message."""
    recovered: float | None = None
    """Seconds from the fault's end until every client was complete; None: not in time."""
    seconds: float = 0.0
    figures: dict[str, float | str] = field(default_factory=dict)
    """What only this case measures."""
    violations: Sequence[Violation] = ()

    @property
    def passed(self) -> bool:
        return not self.violations

    def count(self, wrong: Wrong) -> int:
        return sum(violation.wrong is wrong for violation in self.violations)


_COLUMNS = (
    "case", "seed", "", "sent", "acked", "delivered", "lost", "double", "disorder", "leaked",
    "wrong", "slowest", "recovered",
)  # fmt: skip
_ROW = "{:<26}{:>5} {:<7}{:>6}{:>7}{:>10}{:>6}{:>7}{:>9}{:>7}{:>6}{:>9}{:>10}"


def header() -> str:
    return _ROW.format(*_COLUMNS)


def row(outcome: Outcome) -> str:
    recovered = "never" if outcome.recovered is None else f"{outcome.recovered:.1f} s"
    return _ROW.format(
        outcome.case,
        outcome.seed,
        "passed" if outcome.passed else "FAILED",
        outcome.sent,
        outcome.acknowledged,
        outcome.delivered,
        outcome.count(Wrong.LOST),
        outcome.count(Wrong.DOUBLED),
        outcome.count(Wrong.DISORDERED) + outcome.count(Wrong.HOLE),
        outcome.count(Wrong.LEAKED),
        outcome.count(Wrong.BROKEN) + outcome.count(Wrong.LATE),
        f"{outcome.slowest:.1f} s",
        recovered,
    )


def details(outcome: Outcome) -> Sequence[str]:
    """What is wrong, the first few of each kind, and the case's own figures."""
    lines = [f"{name}: {value}" for name, value in outcome.figures.items()]
    shown: Counter[Wrong] = Counter()
    for violation in outcome.violations:
        shown[violation.wrong] += 1
        if shown[violation.wrong] <= _SHOWN:
            lines.append(str(violation)[:_WIDTH])
    lines += [f"… {wrong.value}: {n} in all" for wrong, n in shown.items() if n > _SHOWN]
    return lines


def write(outcomes: Sequence[Outcome], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "outcomes": [_as_data(outcome) for outcome in outcomes],
    }
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _as_data(outcome: Outcome) -> Mapping[str, object]:
    counts = {wrong.name.lower(): outcome.count(wrong) for wrong in Wrong}
    violations = [str(violation) for violation in outcome.violations]
    return {
        **asdict(outcome),
        "passed": outcome.passed,
        "counts": counts,
        "violations": violations[:100],
    }
