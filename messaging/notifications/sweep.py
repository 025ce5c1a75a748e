"""The sweep after a crash: creates the jobs that a crashed instance did not hand over.

One of the remaining instances claims the sweep. It reads the messages that were created since the
crashed instance was last seen, and creates ordinary jobs for the people without a decision. Some of
them may already be queued, which is harmless: the claims prevent a second push. No other instance
runs the sweep, so a store that does not answer is retried until the messages are stale.

The sweeping instance may crash too. The start of its sweeps is in the store until they are done,
and the sweep for that instance begins there.

Not promised: a sweep puts jobs into the memory of its instance. If the instance is killed after the
sweep, the jobs that it has neither queued nor carried out are lost. In a conversation of more than
500 people from which some left, people who still wait in the queue may get two pushes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from messaging.concurrency.retries import until_answered
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.notifications.devices import lookups as device_lookups
from messaging.notifications.devices.lookups import DeviceLookups
from messaging.notifications.jobs import in_chunks
from messaging.notifications.options import get_options
from messaging.notifications.parts import Host, Parts

logger = structlog.get_logger(__name__)

_CLAIM_KEPT = timedelta(days=1)
_SAME_SECONDS = 300
_STEP = 50
"""The messages per read, from the latest back."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """People for whom the outcome of a message's notification is unknown."""

    conversation: Conversation
    message: Message
    chunks: Mapping[int, Sequence[str]]
    """By the chunk in which they were claimed, if they were."""


HandOn = Callable[[Left], Awaitable[None]]


class Sweeper:
    """The sweeps of one instance."""

    def __init__(self, parts: Parts, host: Host, lookups: DeviceLookups, enqueue: HandOn) -> None:
        self.parts = parts
        self.host = host
        self.lookups = lookups
        self.hand_on = enqueue
        self._under_way: dict[_Sweep, datetime] = {}
        """The start of each running sweep."""

    @property
    def all_done(self) -> bool:
        """Return False while a sweep runs, and after one was interrupted: without a goodbye,
        another instance continues it."""
        return not self._under_way

    async def sweep(self, *, boot_id: str, since: datetime) -> None:
        """Claim and run the sweep for a crashed instance, unless another instance has claimed it.

        Raises StoreUnavailable if the store has not answered until all pushes would be stale, or
        until this instance drains.
        """
        one = _Sweep(self, boot_id, since)
        self._under_way[one] = since
        try:
            self._under_way[one] = await one.look_back()
            # Before the claim, which could otherwise be lost without a trace.
            await self._write_down(one)
            await one.run()
        except StoreUnavailable:
            if one.late:
                del self._under_way[one]
            raise
        del self._under_way[one]
        await self._write_down(one)

    async def _write_down(self, one: "_Sweep") -> None:
        await one.answered(
            lambda: self.parts.decisions.put_unfinished_sweep(
                self.host.boot_id,
                min(self._under_way.values(), default=None),
                expires_at=datetime.now(UTC) + _CLAIM_KEPT,
            )
        )


class _Sweep:
    def __init__(self, sweeper: Sweeper, boot_id: str, lost_since: datetime) -> None:
        self._parts = sweeper.parts
        self._host = sweeper.host
        self._lookups = sweeper.lookups
        self._hand_on = sweeper.hand_on
        self._boot_id = boot_id
        self._lost_since = self._since = lost_since
        self._stale = timedelta(seconds=get_options().stale)
        self._ends_at = datetime.now(UTC) + self._stale

    @property
    def late(self) -> bool:
        """Return whether all pushes would be stale."""
        return datetime.now(UTC) > self._ends_at

    async def look_back(self) -> datetime:
        """Return the start of the sweep: when the instance was last seen, or the start of its own
        unfinished sweeps, and as much earlier as it may have held messages."""
        unfinished = await self.answered(
            lambda: self._parts.decisions.get_unfinished_sweep(self._boot_id)
        )
        earliest = min(self._lost_since, unfinished or self._lost_since)
        earliest -= timedelta(seconds=device_lookups.HELD_SECONDS)
        self._since = max(earliest, self._ends_at - 2 * self._stale)
        return self._since

    async def run(self) -> None:
        if not await self._claim():
            return
        changed = await self.answered(
            lambda: self._parts.store.list_changed_conversations(since=self._since)
        )
        found = 0
        for conversation in changed.conversations:
            for left in await self._left(conversation):
                await self._hand_on(left)
                found += 1
        logger.warning(
            "notifications.swept",
            lost=self._boot_id,
            since=self._since.isoformat(),
            conversations=len(changed.conversations),
            messages=found,
        )

    async def _claim(self) -> bool:
        """Claim a sweep. Return whether it is ours. If the answer was lost it may be ours, so it
        runs, possibly twice."""
        # The remaining instances do not agree on `since` to the second.
        name = f"{self._boot_id}.{self._lost_since.timestamp() // _SAME_SECONDS:.0f}"
        tried = 0

        async def claim() -> bool:
            nonlocal tried
            tried += 1
            return await self._parts.decisions.claim_sweep(
                name, expires_at=datetime.now(UTC) + _CLAIM_KEPT
            )

        return await self.answered(claim) or tried > 1

    async def _created(self, conversation: Conversation) -> list[Message]:
        """Return the messages of the period that may notify somebody, the oldest first: no deleted
        and no system messages."""
        store = self._parts.store
        created: list[Message] = []
        last_seq = conversation.seq
        while last_seq > 0:
            first_seq = max(last_seq - _STEP + 1, 1)
            page = await self.answered(
                partial(
                    store.list_messages, conversation.id, first_seq=first_seq, last_seq=last_seq
                )
            )
            new = [message for message in page if message.created_at >= self._since]
            created = new + created
            if len(new) < len(page) or not page:
                break
            last_seq -= _STEP
        return [one for one in created if one.deleted_at is None and not one.is_system]

    async def _left(self, conversation: Conversation) -> Sequence[Left]:
        """Return the work that is left in a conversation. People who have read a message are left
        out here, because the jobs do not read earlier acknowledgements in Redis from the store."""
        undecided = [
            (message, people)
            for message in await self._created(conversation)
            if (people := await self._undecided(conversation, message))
        ]
        owners = await self._lookups.owners({one for _, people in undecided for one in people})
        if not owners:
            return []
        positions = await self.answered(
            lambda: self._parts.store.list_read_positions(conversation.id)
        )
        read = {position.user_id: position.read_seq for position in positions}
        left = []
        for message, people in undecided:
            chunks: dict[int, list[str]] = {}
            for user_id, number in people.items():
                if user_id in owners and read.get(user_id, 0) < message.seq:
                    chunks.setdefault(number, []).append(user_id)
            if chunks:
                left.append(Left(conversation=conversation, message=message, chunks=chunks))
        return left

    async def _undecided(self, conversation: Conversation, message: Message) -> Mapping[str, int]:
        """Return the people without a known outcome, each with their chunk."""
        decisions = await self.answered(
            lambda: self._parts.decisions.list_decisions(conversation.id, message.id)
        )
        # Without people who joined later, the chunks are those of the send, unless a person left.
        there = [
            user_id
            for user_id, participant in conversation.participants.items()
            if participant.joined_version <= message.version
        ]
        undecided: dict[str, int] = {}
        for number, people in enumerate(in_chunks(there)):
            for user_id in people:
                decision = decisions.get(user_id)
                if decision is None:
                    undecided[user_id] = number
                elif decision.verdict is None:
                    undecided[user_id] = decision.chunk  # the owner of the claim decides it there
        undecided.pop(message.sender_id, None)
        return undecided

    async def answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the store's answer, with as many retries as needed."""
        return await until_answered(ask, too_late=lambda: self._host.draining or self.late)
