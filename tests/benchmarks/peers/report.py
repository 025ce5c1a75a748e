"""The results as JSON and as a page of tables."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.peers.bench import Figure
from tests.benchmarks.peers.faults.scenarios import FaultRow
from tests.benchmarks.peers.rounds import Plan, Results

PRODUCT = "this product, uvicorn"


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, memory, kernel, date and commit."""
    cpu = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in cpu.splitlines() if "model name" in line]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        check=False,
        capture_output=True,
        text=True,
    )
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": git.stdout.strip(),
        "load_average": os.getloadavg()[0],
    }


def as_json(results: Results, plan: Plan, conditions: Mapping[str, Any]) -> str:
    rows = [
        {
            "work": work,
            "row": row,
            "peer": peer,
            "median": median(figure.value for figure in figures),
            "lowest": min(figure.value for figure in figures),
            "highest": max(figure.value for figure in figures),
            "limited_by_load": any(figure.limited_by_load for figure in figures),
            "samples": [asdict(figure) for figure in figures],
        }
        for (work, row, peer), figures in results.figures.items()
    ]
    return json.dumps(
        {
            "machine": conditions,
            "rounds": results.rounds,
            "seconds": plan.seconds,
            "versions": results.versions,
            "missing": results.missing,
            "failures": results.failures,
            "rows": rows,
            "faults": [asdict(row) for row in results.faults],
        },
        indent=1,
    )


def as_page(results: Results, plan: Plan, conditions: Mapping[str, Any]) -> str:
    """Return the page: one table for each row, the best first, with ranges and ratios."""
    lines = [
        "# The product beside its peers",
        "",
        (
            "`make bench` wrote this page. It measured all servers on one machine, in "
            f"{_rounds(results.rounds)}. Each server had one core; the load generator, the "
            "databases and Redis had another."
        ),
        "",
        (
            f"{conditions['processor']}, {conditions['cores']} cores, {conditions['memory_gb']} GB,"
            f" {conditions['system']}, Python {conditions['python']}; {conditions['date']}, commit"
            f" {conditions['commit']}. Load average at the start: {conditions['load_average']:.2f}."
        ),
        "",
    ]
    groups: dict[tuple[str, str], dict[str, Sequence[Figure]]] = {}
    for (work, row, peer), figures in results.figures.items():
        groups.setdefault((work, row), {})[peer] = figures
    order = {work: place for place, work in enumerate(plan.works)}
    last = ""
    for (work, row), peers in sorted(groups.items(), key=lambda item: order[item[0][0]]):
        if work != last:
            lines += [f"## {work.capitalize()}", ""]
            last = work
        lines += [*_table(row, peers), ""]
    lines += _fault_table(results)
    lines += _left_out(results)
    return "\n".join(lines) + "\n"


def _rounds(count: int) -> str:
    if count == 1:
        return "one round, in a shuffled order"
    return (
        f"{count} rounds, each in a shuffled order. A figure is the median of the rounds, with the "
        "lowest and the highest beside it"
    )


def _table(row: str, peers: Mapping[str, Sequence[Figure]]) -> list[str]:
    any_figure = next(iter(peers.values()))[0]
    ours = peers.get(PRODUCT)
    base = median(figure.value for figure in ours) if ours else None
    rounds = max(len(figures) for figures in peers.values())
    ranges = " range |" if rounds > 1 else ""
    lines = [
        f"**{row}**",
        "",
        f"| | {any_figure.unit} |{ranges} ratio to the product | CPU each, µs | generator's CPU |",
        "|---|---:|---:|---:|---:|" + ("---:|" if ranges else ""),
    ]
    ranked = sorted(
        peers.items(),
        key=lambda item: median(figure.value for figure in item[1]),
        reverse=any_figure.higher_is_better,
    )
    for peer, figures in ranked:
        values = [figure.value for figure in figures]
        middle = median(values)
        cpu = [figure.cpu_micros for figure in figures if figure.cpu_micros is not None]
        load = median(figure.load_cpu for figure in figures)
        cells = [
            f"**{peer}**" if peer == PRODUCT else peer,
            number(middle),
            *([f"{number(min(values))}–{number(max(values))}"] if ranges else []),
            f"{middle / base:.2f} ×" if base else "",
            f"{median(cpu):.1f}" if cpu else "",
            f"{load:.0%}" if load else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines + _notes(ranked)


def _notes(ranked: Sequence[tuple[str, Sequence[Figure]]]) -> list[str]:
    notes = []
    busy = [peer for peer, figures in ranked if any(figure.limited_by_load for figure in figures)]
    if busy:
        notes.append(
            "The core of the load generator was more than 90 % busy, so these may be faster: "
            f"{'; '.join(busy)}."
        )
    for peer, figures in ranked:
        faults = sorted({figure.fault for figure in figures if figure.fault})
        notes += [f"{peer}: {fault}." for fault in faults[:1]]
    return ["", *notes] if notes else []


def _fault_table(results: Results) -> list[str]:
    """Return the table of faults: the worst of the rounds for each peer."""
    if not results.faults:
        return []
    lines = [
        "## Faults",
        "",
        (
            "The same client watches every peer, comes back by itself, and asks for what it missed "
            "if the peer has a way to. Lost, doubled and disordered are deliveries. The worst "
            "round counts."
        ),
        "",
        "| fault | | deliveries | lost | doubled | disordered | blind, s |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    cases: dict[tuple[str, str], list[FaultRow]] = {}
    for row in results.faults:
        cases.setdefault((row.fault, row.peer), []).append(row)
    for (fault, peer), rows in sorted(cases.items()):
        worst = [
            max(getattr(row, name) for row in rows) for name in ("lost", "doubled", "disordered")
        ]
        cells = [fault, peer, f"{max(row.deliveries for row in rows):,}"]
        cells += [f"{count:,}" for count in worst]
        cells.append(f"{max(row.blind for row in rows):.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _left_out(results: Results) -> list[str]:
    lines = ["## Versions", ""]
    lines += [f"- {peer}: {versions}" for peer, versions in results.versions.items() if versions]
    if results.missing:
        lines += ["", "## Not measured", ""]
        lines += [f"- {peer}: {reason}" for peer, reason in results.missing.items()]
    if results.failures:
        lines += ["", "## Failed rounds", ""]
        lines += [f"- {failure}" for failure in results.failures]
    return lines


def number(value: float) -> str:
    """Return a figure with three digits that count."""
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
