"""The interface of the epoch store. The epoch is the id of the history that versions belong to.

A backup contains the epoch of its own time. So every restore needs a new epoch. An operator sets
it, or an instance that reads a lower version than it has seen before.

SQL and Firestore implement it; one contract suite checks both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.domain.identifiers import random_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    id: str
    """Random."""
    number: int
    """0 for the first. Each next one is above those that its creator knew. Two stores that were
    restored from one backup may both use a number, so compare the id too."""

    def follows(self, known: "Epoch | None") -> bool:
        """Return whether an instance that knew `known` may accept this as the next epoch. Return
        False after a restore from before `known` was set."""
        return known is None or self == known or self.number > known.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEpoch:
    epoch: Epoch
    read_at: datetime
    """The store's time of the answer."""


class EpochStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def read_epoch(self) -> ReadEpoch:
        """Return the epoch in force; one read. The first call creates it; of several concurrent
        calls, one does."""

    async def find_epoch(self) -> Epoch | None:
        """Return the epoch in force; one read. None if there is none yet."""

    async def renew_epoch(self, *, instead_of: str | None = None, above: int = 0) -> Epoch:
        """Set a new epoch with a number above `above`, and return the epoch in force afterwards.

        With the id `instead_of`, it is set only while that epoch is in force. If several instances
        detect the same restore, one sets the new epoch and the others get it.
        """


def first_epoch() -> Epoch:
    return Epoch(id=random_id(), number=0)


def next_epoch(current: Epoch, above: int) -> Epoch:
    return Epoch(id=random_id(), number=max(current.number, above) + 1)
