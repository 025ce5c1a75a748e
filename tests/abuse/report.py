"""The figures of a run, as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.abuse.judging import slow, wrongs
from tests.abuse.trial import Trial

DEFAULT_FILE = Path(".development/abuse.json")
_COLUMNS = (
    ("attack", 44),
    ("by", 3),
    ("server", 8),
    ("store", 11),
    ("quiet", 14),
    ("attacked", 14),
    ("ratio", 6),
    ("work", 6),
    ("failed", 7),
    ("memory", 8),
    ("log/s", 7),
    ("cpu", 5),
    ("sent/s", 9),
    ("refusal", 0),
)
_OUTCOMES = 3


def header() -> str:
    """The names of the columns. Times are p99 of socket/REST in milliseconds; `work` is the ratio
    by what the server's event loop has worked meanwhile."""
    return _row([name for name, _ in _COLUMNS])


def row(trial: Trial) -> str:
    """One line of the table."""
    timed = bool(trial.quiet)
    outcomes = [f"{name} × {n}" for name, n in trial.tally.outcomes.most_common(_OUTCOMES)]
    return _row(
        [
            trial.attack.name,
            str(trial.accounts),
            trial.server,
            trial.store,
            _times(trial, attacked=False) if timed else "",
            _times(trial, attacked=True),
            f"{trial.ratio():.2f}" if timed else "",
            f"{trial.ratio('work'):.2f}" if timed else "",
            str(len(trial.failures)),
            f"{trial.grown_bytes / 1024**2:+.0f} MB",
            f"{trial.logged_per_second:.1f}",
            f"{trial.cpu_seconds / trial.seconds:.0%}" if trial.seconds else "",
            f"{trial.tally.sent / trial.seconds:,.0f}" if trial.seconds else "",
            ", ".join(outcomes),
        ]
    )


def failed(trial: Trial, clock: str) -> Sequence[str]:
    """What did not hold, of time too where it was measured."""
    return [*wrongs(trial), *(slow(trial, clock) if trial.quiet else ())]


def write(trials: Sequence[Trial], clock: str, file: Path = DEFAULT_FILE) -> None:
    """Keep the figures of a run for programs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figures = [
        {
            "attack": trial.attack.name,
            "accounts": trial.accounts,
            "server": trial.server,
            "store": trial.store,
            "quiet": trial.quiet,
            "attacked": trial.attacked,
            "tally": trial.tally.as_figures(),
            "seconds": trial.seconds,
            "grown_bytes": trial.grown_bytes,
            "cpu_seconds": trial.cpu_seconds,
            "log_lines_per_second": trial.logged_per_second,
            "wrong": failed(trial, clock),
        }
        for trial in trials
    ]
    file.write_text(json.dumps(figures, indent=1))


def _times(trial: Trial, *, attacked: bool) -> str:
    return "/".join(f"{trial.p99(kind, attacked=attacked):.1f}" for kind in ("socket", "rest"))


def _row(cells: Sequence[str]) -> str:
    return " ".join(
        cell.ljust(width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)
    ).rstrip()
