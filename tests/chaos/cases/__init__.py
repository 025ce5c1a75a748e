"""The catalogue: everything that is done to a cluster, by name."""

from collections.abc import Mapping, Sequence

from tests.chaos.cases import instances, measured, mixed, moves, redis, sockets, store, upgrade
from tests.chaos.scene import Case

CASES: Mapping[str, Case] = {
    case.name: case
    for group in (redis, instances, sockets, store, moves, upgrade, mixed, measured)
    for case in group.CASES
}

SHORT: Sequence[str] = (
    "redis-killed",
    "redis-cut-off",
    "redis-link-killed",
    "last-event-lost",
    "last-addition-lost",
    "instance-killed",
    "removed",
    "sync-from-anywhere",
)
"""What `make test` runs, on one small cluster, the faults short."""
