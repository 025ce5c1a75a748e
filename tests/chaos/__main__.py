"""`python -m tests.chaos`: all cases, or some, with one seed or several, and a table of figures."""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from config.development.processes import NotReady
from config.development.redis import RedisMissing
from tests.chaos import report
from tests.chaos.cases import CASES, SHORT
from tests.chaos.cluster import Cluster
from tests.chaos.crowd import FULL, Size
from tests.chaos.crowd import SHORT as SMALL
from tests.chaos.report import Outcome
from tests.chaos.scene import Case, play
from tests.clients.known import Violation, Wrong
from tests.releases import PRESENT, ReleaseMissing, previous_release, require_previous_release
from tests.servers.postgres import PostgresMissing, require_postgres
from tests.servers.proxies import ProxyMissing


def main() -> int:
    arguments = _parse()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    names = arguments.cases or (SHORT if arguments.short else tuple(CASES))
    if unknown := [name for name in names if name not in CASES]:
        _say(f"There is no case {unknown[0]}. There are: {', '.join(CASES)}")
        return 2
    outcomes: list[Outcome] = []
    try:
        if any(CASES[name].postgres for name in names):
            require_postgres()
        if any(CASES[name].upgrade for name in names):
            require_previous_release()
        for seed in arguments.seeds:
            # What an emulator holds makes it slower: each seed has a fresh one.
            with _emulator(names) as emulator:
                for name in names:
                    size = SMALL if arguments.short else CASES[name].size or FULL
                    outcome = asyncio.run(
                        _run(CASES[name], emulator, seed, size, short=arguments.short)
                    )
                    outcomes.append(outcome)
                    _show(outcome)
                    report.write(outcomes, arguments.report)
    except (
        *(EmulatorMissing, PostgresMissing, ProxyMissing, RedisMissing, ReleaseMissing),
        NotReady,
    ) as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted; everything is stopped.")
        return 130
    _summarize(outcomes, arguments.report)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


@contextmanager
def _emulator(names: Sequence[str]) -> Iterator[str]:
    """Yield the address of a fresh emulator; empty if none of these cases uses Firestore. Raises
    EmulatorMissing, NotReady."""
    if not any(CASES[name].moves or not CASES[name].postgres for name in names):
        yield ""
        return
    with own_firestore_emulator() as (emulator, _):
        yield emulator


async def _run(case: Case, emulator: str, seed: int, size: Size, *, short: bool) -> Outcome:
    """One case on a cluster of its own. What goes wrong with the kit is an outcome as well."""
    _say(f"{case.name}, seed {seed}…")
    with tempfile.TemporaryDirectory(prefix="chat-chaos-") as folder:
        release = previous_release() if case.upgrade else PRESENT
        cluster = Cluster(
            folder=Path(folder),
            emulator=emulator,
            count=case.instances,
            sentinel=case.sentinel,
            addresses=case.addresses,
            settings=case.settings,
            postgres=case.postgres,
            release=release,
            notified=case.upgrade,
            proxies=case.proxies,
        )
        try:
            async with cluster:
                return await play(case, cluster, seed=seed, size=size, say=_say, short=short)
        except Exception as error:
            violation = Violation(Wrong.BROKEN, f"the case itself failed: {error!r}")
            return Outcome(case=case.name, seed=seed, violations=[violation])


def _show(outcome: Outcome) -> None:
    _say(report.header())
    _say(report.row(outcome))
    for line in report.details(outcome):
        _say(f"    {line}")


def _summarize(outcomes: Sequence[Outcome], file: Path) -> None:
    _say("")
    _say(report.header())
    for outcome in outcomes:
        _say(report.row(outcome))
    passed = sum(outcome.passed for outcome in outcomes)
    _say(f"{passed} of {len(outcomes)} passed. All figures: {file}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--cases", type=_names, default=(), metavar="NAME[,NAME…]")
    parser.add_argument("--seeds", type=_numbers, default=(1, 2, 3), metavar="N[,N…]")
    parser.add_argument("--short", action="store_true", help="a small crowd, brief faults")
    parser.add_argument("--report", type=Path, default=report.DEFAULT_FILE, metavar="FILE")
    return parser.parse_args()


def _names(text: str) -> Sequence[str]:
    return tuple(name for name in text.split(",") if name)


def _numbers(text: str) -> Sequence[int]:
    return tuple(int(number) for number in text.split(","))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
