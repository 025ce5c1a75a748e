"""The full form: `python -m tests.abuse`, or `make abuse ATTACKS=pings SERVERS=daphne`.

Each attack in rounds of a quiet stretch and an attacked one; the median of the rounds counts. The
server has a core of its own; everything else shares the others. Ends with 1 where anything did
not hold.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django

from tests.abuse.attack import Attack, all_attacks
from tests.abuse.matrix import SERVERS, STORES
from tests.abuse.report import DEFAULT_FILE, failed, header, row, write
from tests.abuse.stand import Stand, stand
from tests.abuse.trial import Trial, accounts_of, run_trial
from tests.benchmarks.children import Child, children


def main() -> int:
    """Run what was asked for; the value is the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asked = _arguments()
    core = _keep_a_core()
    chosen = [one for one in all_attacks().values() if _is_asked_for(one, asked.attacks)]
    trials: list[Trial] = []
    print(header(), flush=True)
    for store in asked.stores:
        for server in asked.servers:
            with _scene(server, store, core) as (place, attackers):
                for trial in _trials(chosen, server, store, asked.accounts):
                    run_trial(
                        trial,
                        place,
                        attackers,
                        rounds=asked.rounds,
                        seconds=asked.seconds,
                        timed=not asked.untimed,
                    )
                    trials.append(trial)
                    print(row(trial), flush=True)
                    for wrong in failed(trial, asked.clock):
                        print(f"    WRONG: {wrong}", flush=True)
                    write(trials, asked.clock)
    held = sum(not failed(trial, asked.clock) for trial in trials)
    print(f"\n{held} of {len(trials)} attacks came to nothing. Figures: {DEFAULT_FILE}")
    return 0 if held == len(trials) else 1


@contextmanager
def _scene(server: str, store: str, core: int | None) -> Iterator[tuple[Stand, Child]]:
    with (
        tempfile.TemporaryDirectory(prefix="chat-abuse-") as folder,
        STORES[store]() as settings,
        stand(server, settings, Path(folder), core=core) as place,
        children(1, module="tests.abuse.attacker") as (attackers,),
    ):
        yield place, attackers


def _trials(
    chosen: Sequence[Attack], server: str, store: str, accounts: Sequence[int]
) -> Iterator[Trial]:
    for attack in chosen:
        for count in accounts_of(attack):
            if count in accounts:
                yield Trial(attack=attack, server=server, store=store, accounts=count)


def _keep_a_core() -> int | None:
    """The core that is the server's alone: everything that we start is kept off it."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, cores[1:])
    return cores[0]


def _is_asked_for(attack: Attack, words: Sequence[str]) -> bool:
    return not words or any(word in attack.name for word in words)


def _arguments() -> argparse.Namespace:
    def listed(words: str) -> list[str]:
        return [word.strip() for word in words.split(",") if word.strip()]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=listed, default=[], help="parts of names, by comma")
    parser.add_argument("--servers", type=listed, default=list(SERVERS))
    parser.add_argument("--stores", type=listed, default=list(STORES))
    parser.add_argument(
        "--accounts",
        type=lambda words: [int(word) for word in listed(words)],
        default=[0, 1, 20],
        help="0: a stranger, 1: one account, 20: twenty",
    )
    parser.add_argument("--untimed", action="store_true", help="without the quiet stretches")
    parser.add_argument(
        "--clock",
        choices=["wall", "work"],
        default="wall",
        help="what is judged; on a machine that others use too: what the event loop has worked",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each stretch of a round")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
