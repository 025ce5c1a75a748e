"""Grace: the time that connected people have to acknowledge a message before it rings.

Nearly everybody acknowledges, and many others have no device. So the messages that were sent to a
conversation within half a second wait together. When their time is over, one look at the
acknowledgements and one at the devices decides about all of them. Only people who may get a push
cause jobs.

The messages wait in the memory of this process, as jobs do that run here. If there is a queue, the
jobs wait in the queue instead (`dispatcher`).

Not promised: above the bound of what this process holds, the newest messages are dropped with a
warning. A killed process loses the messages; the sweep after a crash makes up for them.
"""

import asyncio
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet, start_task, stop_tasks
from messaging.domain.participant import Participant
from messaging.instruments.metrics import NOTIFICATION_JOBS
from messaging.notifications.devices.known_without import KnownWithout, Moment
from messaging.notifications.devices.lookups import (
    DeviceLookups,
    count_without,
    have_same_people,
)
from messaging.notifications.dispatcher import Dispatcher
from messaging.notifications.jobs import HeldMessage, by_chunk
from messaging.notifications.options import get_options
from messaging.notifications.policy import Stage
from messaging.positions.acknowledged import Acknowledgements

logger = structlog.get_logger(__name__)

_STEP_SECONDS = 0.5
"""The messages of a step share their looks. A message waits for at most so much longer."""
_MESSAGE_BYTES = 450
_GROUP_BYTES = 500
_PERSON_BYTES = 70
"""The approximate bytes of what waits, on 64-bit CPython. The ids of the people are shared."""


@dataclass(slots=True, eq=False)
class _Group:
    """Messages of one conversation whose time ends in the same step, for the same people."""

    conversation_id: str
    participants: Mapping[str, Participant]
    people: Set[str]
    """The connected people, besides the sender of each message, who may be among them."""
    messages: list[HeldMessage] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        people = _PERSON_BYTES * len(self.people)
        return _GROUP_BYTES + people + _MESSAGE_BYTES * len(self.messages)


class Grace:
    def __init__(
        self, acknowledged: Acknowledgements, lookups: DeviceLookups, dispatcher: Dispatcher
    ) -> None:
        self._acknowledged = acknowledged
        self._lookups = lookups
        self._dispatcher = dispatcher
        self._weight = dispatcher.weight
        self._known_without = KnownWithout()
        self._steps: dict[int, dict[str, list[_Group]]] = {}
        """By the step that ends their time, and by conversation id."""
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(get_options().jobs_at_once)
        self._looks: TaskSet[None] = TaskSet()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._end_steps, failed="grace.failed"))

    async def stop(self) -> None:
        """End the time of all messages now: this process will be gone later."""
        if self._task is not None:
            await stop_tasks(self._task)
        self._end(lambda step: True)
        try:
            await self._looks.join()
        finally:
            await self._looks.stop()

    def wait(
        self,
        message: HeldMessage,
        participants: Mapping[str, Participant],
        people: Set[str],
        *,
        seconds: float,
    ) -> None:
        """Give connected people so much time to acknowledge a message. Neither waits nor raises."""
        conversation_id = message.conversation_id
        if self._weight.full:
            NOTIFICATION_JOBS.labels("direct", "dropped").inc()
            logger.error("notification.dropped", conversation_id=conversation_id)
            return
        step = math.ceil((time.monotonic() + seconds) / _STEP_SECONDS)
        groups = self._steps.setdefault(step, {}).setdefault(conversation_id, [])
        # With the sender, messages of several senders have the same people.
        people = people | {message.sender_id}
        for group in reversed(groups):
            if group.people == people and have_same_people(group.participants, participants):
                break
        else:
            group = _Group(conversation_id, participants, people)
            self._weight.bytes += group.size
            groups.append(group)
        group.messages.append(message)
        self._weight.bytes += _MESSAGE_BYTES
        self._wake.set()

    async def _end_steps(self) -> None:
        if not self._steps:
            await self._wake.wait()
        self._wake.clear()
        await asyncio.sleep(_STEP_SECONDS - time.monotonic() % _STEP_SECONDS)
        now = time.monotonic() / _STEP_SECONDS
        self._end(lambda step: step <= now)

    def _end(self, is_over: Callable[[int], bool]) -> None:
        """End the time of the messages of these steps."""
        for step in sorted(filter(is_over, self._steps)):
            for groups in self._steps.pop(step).values():
                for group in groups:
                    self._looks.start(self._look_in_turn(group))

    async def _look_in_turn(self, group: _Group) -> None:
        try:
            async with self._places:
                await self._look(group)
        except Exception:
            NOTIFICATION_JOBS.labels("direct", "failed").inc()
            logger.exception("notification.failed", conversation_id=group.conversation_id)
        finally:
            self._weight.bytes -= group.size

    async def _look(self, group: _Group) -> None:
        """Create the jobs for those who have not acknowledged a message, and may have a device."""
        seen = await self._acknowledged.positions(group.conversation_id, tuple(group.people))
        last_seq = max(message.seq for message in group.messages)
        unseen = {user_id for user_id in group.people if seen.get(user_id, 0) < last_seq}
        owners = await self._owners(unseen, group.messages) if unseen else unseen
        if without := unseen - owners:
            count_without(_outcomes(group.messages, without, seen))
        chunks = by_chunk(group.participants, owners)
        for message in group.messages:
            for number, chunk in chunks.items():
                people = tuple(
                    user_id
                    for user_id in chunk
                    if seen.get(user_id, 0) < message.seq and user_id != message.sender_id
                )
                if people:
                    job = message.job(chunk=number, stage=Stage.GRACE_OVER, user_ids=people)
                    # Other processes learn of the acknowledgements here only through Redis.
                    self._dispatcher.put(job, here=True)

    async def _owners(self, people: Set[str], messages: Sequence[HeldMessage]) -> Set[str]:
        """Return those of these people who have a device, or may have one, and had none only before
        one of these messages was stored."""
        now = Moment.now()
        made_at = max(message.made_at for message in messages)
        unknown = people - self._known_without.among(people, made_at=made_at, now=now)
        owners = await self._lookups.find_owners(unknown)
        self._known_without.add(unknown - owners, read_at=now)
        return owners


def _outcomes(messages: Sequence[HeldMessage], people: Set[str], seen: Mapping[str, int]) -> int:
    """Return how often one of these people has not acknowledged one of these messages of others."""
    positions = sorted(seen.get(user_id, 0) for user_id in people)
    return sum(
        bisect_left(positions, message.seq)
        - (message.sender_id in people and seen.get(message.sender_id, 0) < message.seq)
        for message in messages
    )
