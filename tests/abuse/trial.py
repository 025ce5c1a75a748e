"""One attack on one server: what it did to the bystanders and to the server."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from tests.abuse.attack import Attack, Standing
from tests.abuse.stand import Stand
from tests.abuse.tally import Tally
from tests.benchmarks.children import Child, Figures

TWENTY = 20
KINDS = ("socket", "rest")
_numbers = count(1)


@dataclass(slots=True, kw_only=True)
class Trial:
    """What was seen, over all rounds."""

    attack: Attack
    server: str
    store: str
    accounts: int
    """0: a stranger."""
    quiet: list[Figures] = field(default_factory=list)
    """The bystanders without the attack; beside twenty accounts at their lawful maximum, where it
    is twenty that attack."""
    attacked: list[Figures] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    """Of all attacked rounds."""
    grown_bytes: int = 0
    """The most that the server's memory was above its start."""
    cpu_seconds: float = 0.0
    """Of the server, in the attacked rounds."""
    log_lines: list[str] = field(default_factory=list)
    """Written in the attacked rounds about refused work."""

    @property
    def name(self) -> str:
        who = {0: "a stranger", 1: "one account"}.get(self.accounts, f"{self.accounts} accounts")
        return f"{self.attack.name} by {who} on {self.server} and {self.store}"

    @property
    def failures(self) -> Sequence[str]:
        return [failure for one in self.attacked for failure in one["failures"]]

    @property
    def logged_per_second(self) -> float:
        """Over the seconds of the clock that the attacked rounds touched, by which the log is
        limited: up to two more for each round, the last for what was begun in it."""
        return len(self.log_lines) / (self.seconds + 2 * len(self.attacked))

    def p99(self, kind: str, *, attacked: bool, clock: str = "wall") -> float:
        """Return the median of the rounds, in milliseconds by this clock, see `bystander`."""
        rounds = self.attacked if attacked else self.quiet
        return float(median(one[kind][clock] for one in rounds))

    def ratio(self, clock: str = "wall") -> float:
        """Return that of the worse of the two doors."""
        return max(
            self.p99(kind, attacked=True, clock=clock) / self.p99(kind, attacked=False, clock=clock)
            for kind in KINDS
        )


def run_trial(
    trial: Trial,
    stand: Stand,
    attackers: Child,
    *,
    rounds: int,
    seconds: float,
    timed: bool,
    patient: bool = True,
) -> None:
    """Attack in so many rounds of so many seconds, and until the first refusal where it is
    `patient`. Where it is timed, each round begins with a quiet stretch, or a lawful one. Each
    round has new accounts, with all of their rates."""
    begun_with = stand.resident_bytes
    for _ in range(rounds):
        if timed:
            stand.settle()
        _prepare(trial, stand, attackers)
        if timed:
            if trial.accounts == TWENTY:
                attackers.ask("lawful", seconds=seconds)
            stand.bystanders.ask("chat", seconds=seconds)
            trial.quiet.append(stand.bystanders.answer())
            if trial.accounts == TWENTY:
                attackers.answer()
                _prepare(trial, stand, attackers)
        stand.settle()
        cpu_before, begun = stand.cpu_seconds, time.monotonic()
        with stand.watched():
            attackers.ask("attack", name=trial.attack.name, seconds=seconds, patient=patient)
            stand.bystanders.ask("chat", seconds=seconds)
            trial.attacked.append(stand.bystanders.answer())
            _add(trial.tally, Tally.of(attackers.answer()))
        trial.seconds += time.monotonic() - begun
        trial.cpu_seconds += stand.cpu_seconds - cpu_before
        trial.grown_bytes = max(trial.grown_bytes, stand.peak_bytes - begun_with)
        trial.log_lines += stand.new_log_lines()


def _prepare(trial: Trial, stand: Stand, attackers: Child) -> None:
    number = next(_numbers)
    accounts = [f"mallory-{number}-{one}" for one in range(trial.accounts)]
    # Addresses of the loopback network, none of which a bystander has.
    addresses = [f"127.0.{number % 250}.{66 + one}" for one in range(max(trial.accounts, 1))]
    attackers.ask("prepare", port=stand.port, addresses=addresses, accounts=accounts)
    attackers.answer()


def _add(total: Tally, more: Tally) -> None:
    total.outcomes += more.outcomes
    total.sent += more.sent
    total.largest = max(total.largest, more.largest)


def accounts_of(attack: Attack) -> Sequence[int]:
    """By how many accounts an attack is made in the full form."""
    return (0,) if attack.standing is Standing.STRANGER else (1, TWENTY)
