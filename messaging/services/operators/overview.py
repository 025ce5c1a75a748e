"""The overview: the present figures of all instances and workers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from messaging.runtime.figures import Figures
from messaging.runtime.instance import Instance

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    processes: Sequence[Figures]
    """Instances, then workers, by name."""
    complete: bool
    """False if Redis did not answer; then this instance is the only one."""
    alone: bool
    """Whether no Redis is configured, so that other processes are unknown."""

    @property
    def sockets(self) -> int:
        return sum(one.sockets for one in self.processes)

    @property
    def messages_rate(self) -> float:
        """Return messages per second."""
        return sum(one.messages_rate for one in self.processes)

    @property
    def deliveries_rate(self) -> float:
        """Return events passed to sockets per second."""
        return sum(one.deliveries_rate for one in self.processes)

    @property
    def pushes(self) -> Mapping[str, int]:
        """Return pushes to devices by result, since the processes started."""
        return _summed(one.pushes for one in self.processes)

    @property
    def jobs(self) -> Mapping[str, int]:
        """Return notification jobs by path and result."""
        return _summed(one.jobs for one in self.processes)

    @property
    def decisions(self) -> Mapping[str, int]:
        """Return the people who were notified or not, by `verdict: reason`."""
        return _summed(one.decisions for one in self.processes)

    @property
    def documents_rate(self) -> Mapping[str, float]:
        """Return documents read, written and deleted per second."""
        return _summed(one.documents_rate for one in self.processes)


async def get_overview(instance: Instance) -> Overview:
    """Return the overview. This takes one round trip to Redis, or none without Redis, and no read
    of the store."""
    processes, complete = await instance.figures.all()
    alone = instance.link is None
    return Overview(processes=processes, complete=complete, alone=alone)


def _summed(parts: Iterable[Mapping[str, Number]]) -> Mapping[str, Number]:
    total: dict[str, Number] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total
