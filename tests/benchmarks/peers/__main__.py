"""`python -m tests.benchmarks.peers`: measures the product beside its peers."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.peers import plot, report
from tests.benchmarks.peers.catalogue import NOT_MEASURED, PEERS
from tests.benchmarks.peers.installing import CACHE, Missing
from tests.benchmarks.peers.rounds import FAULTS, Plan, measure
from tests.benchmarks.peers.works import WORKS


def main() -> int:
    options = _parsed()
    names = {peer.name: peer for peer in PEERS}
    plan = Plan(
        peers=[names[name] for name in options.peers],
        works=options.works,
        rounds=options.rounds,
        seconds=options.seconds,
        minutes=options.minutes,
    )
    conditions = report.machine()
    try:
        results = measure(plan, lambda line: print(line, file=sys.stderr, flush=True))
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    results.missing |= NOT_MEASURED
    options.folder.mkdir(parents=True, exist_ok=True)
    page = report.as_page(results, plan, conditions)
    (options.folder / "benchmark.md").write_text(page)
    (options.folder / "benchmark.json").write_text(report.as_json(results, plan, conditions))
    (options.folder / "benchmark.svg").write_text(plot.as_svg(results, conditions))
    print(page)
    print(f"Written to {options.folder}.", file=sys.stderr)
    return 0


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    works = [*WORKS, FAULTS]
    known = [peer.name for peer in PEERS]
    parser.add_argument("--peers", type=_choices(known), default=known, help=", ".join(known))
    parser.add_argument("--works", type=_choices(works), default=works, help=", ".join(works))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each figure in each round")
    parser.add_argument("--minutes", type=float, help="the time after which no round begins")
    parser.add_argument("--folder", type=Path, default=CACHE / "results", help="for the results")
    return parser.parse_args()


def _choices(known: list[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}.")
        return chosen

    return parse


if __name__ == "__main__":
    sys.exit(main())
