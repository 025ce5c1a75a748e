"""The overview: what all instances and workers are doing at this moment."""

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
    """False where Redis did not answer: then it is this instance alone."""
    alone: bool
    """Whether there is no Redis, and so no way to know of others."""

    @property
    def sockets(self) -> int:
        return sum(one.sockets for one in self.processes)

    @property
    def messages_rate(self) -> float:
        """Messages a second."""
        return sum(one.messages_rate for one in self.processes)

    @property
    def deliveries_rate(self) -> float:
        """Events handed to sockets a second."""
        return sum(one.deliveries_rate for one in self.processes)

    @property
    def pushes(self) -> Mapping[str, int]:
        """Pushes to devices by how they ended, since the processes started."""
        return _summed(one.pushes for one in self.processes)

    @property
    def jobs(self) -> Mapping[str, int]:
        """Notification jobs by where they were carried out and how that ended."""
        return _summed(one.jobs for one in self.processes)

    @property
    def decisions(self) -> Mapping[str, int]:
        """People who were or were not notified, by `verdict: reason`."""
        return _summed(one.decisions for one in self.processes)

    @property
    def documents_rate(self) -> Mapping[str, float]:
        """Documents read, written and deleted a second."""
        return _summed(one.documents_rate for one in self.processes)


async def get_overview(instance: Instance) -> Overview:
    """One round trip to Redis, or none where there is none; the store is not asked."""
    processes, complete = await instance.figures.all()
    alone = instance.link is None
    return Overview(processes=processes, complete=complete, alone=alone)


def _summed(parts: Iterable[Mapping[str, Number]]) -> Mapping[str, Number]:
    total: dict[str, Number] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total
