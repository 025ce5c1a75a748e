"""What a store promises of its epoch: the id of the history that its versions belong to.

A restored backup brings back the epoch that it was made in. So every restore is followed by a new
one, which an operator sets or an instance that finds the store behind what it has seen there.

`sql_epochs` and `firestore_epochs` both keep it; one contract suite checks them.
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
    """0 for the first; each that follows is above those that its maker knew of. Two stores that
    were restored from one backup may both use a number: compare the id, too."""

    def follows(self, known: "Epoch | None") -> bool:
        """Whether an instance that knew `known` may take this for the epoch after it. False after
        a restore from before `known` was set."""
        return known is None or self == known or self.number > known.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEpoch:
    epoch: Epoch
    read_at: datetime
    """The store's time when it answered."""


class EpochStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def read_epoch(self) -> ReadEpoch:
        """The epoch in force; one read. The first call creates it; of several at once, one does."""

    async def renew_epoch(self, *, instead_of: str | None = None, above: int = 0) -> Epoch:
        """Set a new epoch, numbered above `above`, and return the epoch in force afterwards.

        Given the id `instead_of`, it is set only while that one is in force: of several instances
        that find the same restore, one sets the new epoch and the others are given it.
        """


def first_epoch() -> Epoch:
    return Epoch(id=random_id(), number=0)


def next_epoch(current: Epoch, above: int) -> Epoch:
    return Epoch(id=random_id(), number=max(current.number, above) + 1)
