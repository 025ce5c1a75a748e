"""What a store promises of decisions: who was notified of a message, by whom not twice, and why.

The decision document of a chunk of people is the claim: whoever wants to notify somebody takes
them first, in one atomic step, and for a limited time. So a job that is delivered twice, a
second worker and the direct way beside the queue do not ring again. A claim whose time is over
without a verdict may be taken by the next.

`sql_decisions` and `firestore_decisions` both keep it; one contract suite checks them.
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
    """Some of the people that a message concerns: at most 500, the same whoever counts them."""

    conversation_id: str
    message_id: str
    chunk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What became of an attempt to claim people."""

    taken: Mapping[str, Decision]
    """These are ours now, each with what an earlier owner left of it."""
    busy_until: datetime | None = None
    """The time at which the last of those that somebody else is at will be free."""
    decided: Mapping[str, Decision] = field(default_factory=dict)
    """What was written of those who needed no claim."""

    @property
    def written(self) -> Mapping[str, Decision]:
        return {**self.decided, **self.taken}


class DecisionStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop.

    Times are those of whoever calls: their clocks should not differ by more than a few seconds.
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
        """Take those of the people who are neither decided upon nor taken. In the same write goes
        what is decided of others already, unless there is a decision or somebody is at it.

        The first claim of a chunk is one write and no read; after `expires_at` the store may
        forget the chunk.
        """

    async def record(
        self, key: ChunkKey, decisions: Mapping[str, Decision], *, expires_at: datetime
    ) -> None:
        """Write down what was decided: one write, no read, whether claimed before or not. What
        is not named stays."""

    async def list_decisions(self, conversation_id: str, message_id: str) -> Mapping[str, Decision]:
        """All that is known of one message, by user id."""

    async def claim_sweep(self, sweep_id: str, *, expires_at: datetime) -> bool:
        """Take on a sweep; False when somebody else has."""

    async def put_unfinished_sweep(
        self, boot_id: str, since: datetime | None, *, expires_at: datetime
    ) -> None:
        """How far back those sweeps reach that this instance has under way; None: there are none
        any more."""

    async def get_unfinished_sweep(self, boot_id: str) -> datetime | None:
        """How far back those reach that an instance has not finished, as far as it wrote."""


def failed_at(decisions: Mapping[str, Decision]) -> datetime | None:
    """When the last of those that failed did; None where none has."""
    failed = [one.at for one in decisions.values() if one.verdict is Verdict.FAILED]
    return max(failed, default=None)


def take(
    known: Mapping[str, Decision],
    user_ids: Sequence[str],
    claim: Decision,
    decided: Mapping[str, Decision],
) -> Claim:
    """The claim on these people, and what is decided of others, given what the store knows of them
    at `claim.at`."""
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
    """Whether nothing is decided and nobody is at it."""
    return found.verdict is None and (found.claimed_until is None or found.claimed_until <= now)
