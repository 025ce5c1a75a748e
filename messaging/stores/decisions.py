"""The interface of the decision store: who was notified of a message, who was not, and why.

The decision document of a chunk of people is the claim. A process that wants to notify people
claims them first, in one atomic step, for a limited time. So a repeated job, a second worker and
the direct path beside the queue send no second push. An expired claim without a verdict may be
taken by another process.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from messaging.domain.recipients import Decision, Verdict

NOBODY: Mapping[str, Decision] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkKey:
    """A chunk of the people of a message: at most 500, always the same for the same people."""

    conversation_id: str
    message_id: str
    chunk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The result of an attempt to claim people."""

    taken: Mapping[str, Decision]
    """The people that are claimed now, each with the remains of an earlier claim."""
    busy_until: datetime | None = None
    """When the last claim of another process on these people ends."""
    decided: Mapping[str, Decision] = field(default_factory=dict)
    """The recorded decisions about people who needed no claim."""

    @property
    def written(self) -> Mapping[str, Decision]:
        return {**self.decided, **self.taken}


class DecisionStore(Protocol):
    """Every method may raise `StoreUnavailable`; none blocks the event loop.

    Times come from the caller. The clocks of callers should not differ by more than a few seconds.
    """

    async def claim(
        self,
        key: ChunkKey,
        user_ids: Sequence[str],
        *,
        decided: Mapping[str, Decision] = NOBODY,
        now: datetime,
        until: datetime,
        expires_at: datetime,
    ) -> Claim:
        """Claim the people who are neither decided nor claimed. The same write records the given
        decisions about other people, unless they are decided or claimed.

        The first claim of a chunk is one write and no read. After `expires_at` the store may delete
        the chunk.
        """

    async def record(
        self, key: ChunkKey, decisions: Mapping[str, Decision], *, expires_at: datetime
    ) -> None:
        """Record decisions: one write, no read, with or without a claim. Other people stay
        unchanged."""

    async def list_decisions(self, conversation_id: str, message_id: str) -> Mapping[str, Decision]:
        """Return all decisions about one message, by user id."""

    async def claim_sweep(self, sweep_id: str, *, expires_at: datetime) -> bool:
        """Claim a sweep; return False if another instance has claimed it."""

    async def put_unfinished_sweep(
        self, boot_id: str, since: datetime | None, *, expires_at: datetime
    ) -> None:
        """Record the start of this instance's unfinished sweeps; None if there are none any
        more."""

    async def get_unfinished_sweep(self, boot_id: str) -> datetime | None:
        """Return the recorded start of an instance's unfinished sweeps."""


def failed_at(decisions: Mapping[str, Decision]) -> datetime | None:
    """Return when the latest failure happened; None if nothing failed."""
    failed = [one.at for one in decisions.values() if one.verdict is Verdict.FAILED]
    return max(failed, default=None)


def take(
    known: Mapping[str, Decision],
    user_ids: Sequence[str],
    claim: Decision,
    decided: Mapping[str, Decision],
) -> Claim:
    """Return the claim on these people, and the decisions about others, given the store's state of
    them at `claim.at`."""
    taken: dict[str, Decision] = {}
    busy: list[datetime] = []
    for user_id in user_ids:
        found = known.get(user_id)
        if found is None:
            taken[user_id] = claim
        elif _is_free(found, claim.at):
            taken[user_id] = replace(claim, devices=found.devices)
        elif found.verdict is None and found.claimed_until is not None:
            busy.append(found.claimed_until)
    new: dict[str, Decision] = {}
    for user_id, decision in decided.items():
        found = known.get(user_id)
        if found is None or _is_free(found, claim.at):
            new[user_id] = decision
        elif found.verdict is None and found.claimed_until is not None:
            busy.append(found.claimed_until)
    return Claim(taken=taken, busy_until=max(busy, default=None), decided=new)


def _is_free(found: Decision, now: datetime) -> bool:
    """Return whether a person is neither decided nor claimed."""
    return found.verdict is None and (found.claimed_until is None or found.claimed_until <= now)
