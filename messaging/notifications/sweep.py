"""The sweep after a crash: what an instance committed and did not hand over is notified.

One of the instances that are left takes it on. It looks at the messages that were created since
the lost instance was last heard of, and makes the ordinary jobs for the people of whom nobody has
decided; that some of them are queued already does no harm, the claims tell. Nobody else does it,
so a store that does not answer is asked again, until what is looked for is stale.

Whoever has taken it on may end in the middle as well. How far back its sweeps reach stands in the
store until they are done: the sweep for that one begins there.

Not promised: what a sweep has handed on and its instance still had in memory when it was killed.
In a conversation of more than 500 people of whom some left, whoever still waits in the queue may be
rung twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.notifications.jobs import in_chunks
from messaging.notifications.options import get_options
from messaging.notifications.parts import Host, Parts

logger = structlog.get_logger(__name__)

_CLAIM_KEPT = timedelta(days=1)
_SAME_SECONDS = 300
_RETRY_SECONDS = 1.0
_STEP = 50
"""Messages read at once, from the latest back."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """People of whom it is not known what became of notifying them of a message."""

    conversation: Conversation
    message: Message
    chunks: Mapping[int, Sequence[str]]
    """Each in the chunk in which they were claimed, if they were."""


HandOn = Callable[[Left], Awaitable[None]]


class Sweeper:
    """The sweeps of one instance."""

    def __init__(self, parts: Parts, host: Host, enqueue: HandOn) -> None:
        self._parts = parts
        self._host = host
        self._hand_on = enqueue
        self._under_way: dict[_Sweep, datetime] = {}
        """How far back each of them reaches."""

    @property
    def all_done(self) -> bool:
        """False while one is under way, and after one that ended in the middle: without a goodbye
        somebody else goes on."""
        return not self._under_way

    async def sweep(self, *, boot_id: str, since: datetime) -> None:
        """Take on the sweep for a lost instance, unless somebody else has.

        Raises StoreUnavailable when the store has not answered for as long as anybody would be
        rung, or until this instance drains.
        """
        one = _Sweep(self._parts, self._host, boot_id, since, self._hand_on)
        self._under_way[one] = since
        try:
            self._under_way[one] = await one.look_back()
            await self._write_down(one)  # before the claim: else that could be lost without a trace
            await one.run()
        except StoreUnavailable:
            if one.late:
                del self._under_way[one]
            raise
        del self._under_way[one]
        await self._write_down(one)

    async def _write_down(self, one: "_Sweep") -> None:
        await one.answered(
            lambda: self._parts.decisions.put_unfinished_sweep(
                self._host.boot_id,
                min(self._under_way.values(), default=None),
                expires_at=datetime.now(UTC) + _CLAIM_KEPT,
            )
        )


class _Sweep:
    def __init__(
        self, parts: Parts, host: Host, boot_id: str, lost_since: datetime, enqueue: HandOn
    ) -> None:
        self._parts = parts
        self._host = host
        self._boot_id = boot_id
        self._lost_since = self._since = lost_since
        self._hand_on = enqueue
        self._stale = timedelta(seconds=get_options().stale)
        self._ends_at = datetime.now(UTC) + self._stale

    @property
    def late(self) -> bool:
        """Whether nobody would be rung any more."""
        return datetime.now(UTC) > self._ends_at

    async def look_back(self) -> datetime:
        """As far as is to be swept: to when the instance was heard last, or to where those began
        that it had under way itself."""
        unfinished = await self.answered(
            lambda: self._parts.decisions.get_unfinished_sweep(self._boot_id)
        )
        earliest = min(self._lost_since, unfinished or self._lost_since)
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
        """Whether it is ours to do. A claim whose answer was lost may be: then it is done, should
        it be twice."""
        # Those who are left do not agree on `since` to the second.
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
        """Those of the time in question that are not deleted, the oldest first."""
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
        return [message for message in created if message.deleted_at is None]

    async def _left(self, conversation: Conversation) -> Sequence[Left]:
        """What is to be handed on of a conversation. Who has read a message is left out here:
        of those whose earlier acknowledgements Redis has, no job asks the store."""
        undecided = [
            (message, people)
            for message in await self._created(conversation)
            if (people := await self._undecided(conversation, message))
        ]
        if not undecided:
            return []
        positions = await self.answered(
            lambda: self._parts.store.list_read_positions(conversation.id)
        )
        read = {position.user_id: position.read_seq for position in positions}
        left = []
        for message, people in undecided:
            chunks: dict[int, list[str]] = {}
            for user_id, number in people.items():
                if read.get(user_id, 0) < message.seq:
                    chunks.setdefault(number, []).append(user_id)
            if chunks:
                left.append(Left(conversation=conversation, message=message, chunks=chunks))
        return left

    async def _undecided(self, conversation: Conversation, message: Message) -> Mapping[str, int]:
        """Those of whom it is not known what became of notifying them, each with their chunk."""
        decisions = await self.answered(
            lambda: self._parts.decisions.list_decisions(conversation.id, message.id)
        )
        # Without those who came later the chunks are those of the send, unless somebody left.
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
                    undecided[user_id] = decision.chunk  # whoever is at it decides it there
        undecided.pop(message.sender_id, None)
        return undecided

    async def answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the store answers, however often it has to be asked."""
        while True:
            try:
                return await ask()
            except StoreUnavailable:
                if self._host.draining or self.late:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
