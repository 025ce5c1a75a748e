"""The two cores: one for the measured server, and one for everything else."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def server_core() -> int:
    return min(os.sched_getaffinity(0))


def load_core() -> int:
    return max(os.sched_getaffinity(0))


def pinned(core: int, command: Sequence[str | Path]) -> list[str]:
    """Return the command, pinned to a core; as it is where there is no `taskset`."""
    taskset = shutil.which("taskset")
    prefix = [taskset, "--cpu-list", str(core)] if taskset else []
    return [*prefix, *map(str, command)]


def cpu_seconds(pid: int) -> float:
    """Return the CPU that a process and all its descendants have used."""
    total = 0
    for member in _tree(pid):
        fields = _stat(member)
        total += int(fields[11]) + int(fields[12]) if fields else 0
    return total / _TICKS


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process and all its descendants, without shared pages
    counted twice."""
    return sum(_proportional(member) for member in _tree(pid))


def busy_seconds(core: int) -> float:
    """Return how long a core has worked since the machine started, for whatever process."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, soft_irq, *_ = map(int, fields)
            return (user + nice + system + irq + soft_irq) / _TICKS
    return 0.0


def _proportional(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdecimal() and (fields := _stat(int(path.name))):
            children.setdefault(int(fields[1]), []).append(int(path.name))
    tree = [pid]
    for member in tree:
        tree += children.get(member, [])
    return tree


def _stat(pid: int) -> list[str]:
    """Return the fields after the name: state, parent, …; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
