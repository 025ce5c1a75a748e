"""Device lookups: which absent people have a device, so that nobody else costs a job.

A person's devices are in the store, and any instance may register one at any time. So a copy never
decides that a person gets no push. A read decides, and it begins after the message's commit. For
people who had no device a moment ago, messages share this read: they are held for at most ten
seconds, and then one read per person decides about all of them. If a person has registered a device
meanwhile, the jobs are created then.

People with a device are cached for an hour or two. If such a person has removed the device through
another instance, the job finds none.

Not promised: a killed process loses the messages that it held; the sweep after a crash makes up for
them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Set
from dataclasses import dataclass, field

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import Participant
from messaging.domain.recipients import Reason, Verdict
from messaging.instruments.memory import MIB, show_weight
from messaging.instruments.metrics import NOTIFICATION_DECISIONS
from messaging.notifications.devices.recent_people import RecentPeople
from messaging.notifications.jobs import HeldMessage
from messaging.stores.recipients import RecipientStore

HELD_SECONDS = 10.0
"""How long a message is held, unless the store does not answer."""
_RETRY_SECONDS = 1.0
_OWNERS_SECONDS = 3600.0
_MAX_PEOPLE_BYTES = 8 * MIB
_MAX_HELD_BYTES = 16 * MIB
_MAX_BYTES = 2 * _MAX_PEOPLE_BYTES + _MAX_HELD_BYTES
_MESSAGE_BYTES = 450
_CONVERSATION_BYTES = 500
_PERSON_BYTES = 250
"""The approximate bytes of what is held, on 64-bit CPython."""
_READ_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class Held:
    """The held messages of a conversation that were sent to the same participants."""

    conversation_id: str
    participants: Mapping[str, Participant]
    people: set[str] = field(default_factory=set)
    """Those who had no device."""
    messages: list[HeldMessage] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        people = _PERSON_BYTES * len(self.participants)
        return _CONVERSATION_BYTES + people + _MESSAGE_BYTES * len(self.messages)


HandOn = Callable[[Held, Set[str]], Awaitable[None]]
"""Creates the jobs of held messages for people who have a device after all."""


class DeviceLookups:
    def __init__(self, recipients: RecipientStore, hand_on: HandOn) -> None:
        self._recipients = recipients
        self._hand_on = hand_on
        self._owners = RecentPeople(seconds=_OWNERS_SECONDS, most=_MAX_PEOPLE_BYTES)
        self._without = RecentPeople(seconds=HELD_SECONDS, most=_MAX_PEOPLE_BYTES)
        """People who had no device when they were read."""
        self._held: dict[str, Held] = {}
        """By conversation id: the held messages that a new message may join."""
        self._earlier: deque[Held] = deque()
        """The held messages that no new message joins: their participants have changed since, or
        they are being confirmed."""
        self._held_bytes = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        show_weight("devices", self, lambda lookups: lookups.size, most=_MAX_BYTES)

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self._owners.size + self._without.size + self._held_bytes

    def start(self) -> None:
        self._task = start_task(repeat(self._confirm_in_time, failed="device_lookups.failed"))

    async def stop(self) -> bool:
        """Confirm the held messages now. Return False if the store does not answer: then another
        instance must look for them."""
        if self._task is not None:
            await stop_tasks(self._task)
        try:
            await self._confirm()
        except StoreUnavailable:
            return False
        return True

    def registered(self, user_id: str) -> None:
        """Note a device that was registered through this instance."""
        self._owners.add([user_id])

    def removed(self, user_id: str) -> None:
        """Note a device that was removed through this instance. The person may have another."""
        self._owners.discard([user_id])

    def note_without(self, user_ids: Collection[str]) -> None:
        """Note people of whom a job has just found no device: their next messages are held."""
        self._without.add(user_ids)

    def hold(self, conversation: Conversation, message: HeldMessage, people: Set[str]) -> Set[str]:
        """Hold a message for those of these people who had no device a moment ago. Return these
        people: the caller has nothing to do for them."""
        without = self._without.among(people)
        without = without and without - self._owners.among(without)
        if not without or self._held_bytes >= _MAX_HELD_BYTES:
            return frozenset()
        held = self._held_for(conversation)
        held.people |= without
        held.messages.append(message)
        self._held_bytes += _MESSAGE_BYTES
        return without

    async def owners(self, people: Set[str]) -> Set[str]:
        """Return those of these people who have a device, or may have one. This costs one read for
        each person who is not known to have one. The answer is right for every message that was
        committed before the call."""
        owners = await self.find_owners(people)
        count_without(len(people) - len(owners))
        return owners

    async def find_owners(self, people: Set[str]) -> Set[str]:
        """Return the same as `owners`. The caller counts what is decided about the others."""
        unknown = people - self._owners.among(people)
        if not unknown:
            return people
        try:
            without = unknown - await self._read(unknown)
        except StoreUnavailable:
            return people  # the job reads the devices when the store is back
        return people - without

    async def _read(self, people: Set[str]) -> Set[str]:
        """Return those of these people who have a device. Raises StoreUnavailable."""
        asked = list(people)
        found: set[str] = set()
        for start in range(0, len(asked), _READ_AT_ONCE):
            some = asked[start : start + _READ_AT_ONCE]
            recipients = await self._recipients.get_recipients(some)
            found |= {user_id for user_id, recipient in recipients.items() if recipient.devices}
        self._owners.add(found)
        self._without.add(people - found)
        return found

    def _held_for(self, conversation: Conversation) -> Held:
        held = self._held.get(conversation.id)
        participants = conversation.participants
        if held is not None and have_same_people(held.participants, participants):
            return held
        if held is not None:
            self._earlier.append(held)
        new = self._held[conversation.id] = Held(conversation.id, participants)
        self._held_bytes += new.size
        self._wake.set()
        return new

    async def _confirm_in_time(self) -> None:
        await self._wake.wait()
        self._wake.clear()
        await asyncio.sleep(HELD_SECONDS)
        try:
            await self._confirm()
        except StoreUnavailable:
            self._wake.set()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _confirm(self) -> None:
        """Decide about the held messages. Raises StoreUnavailable; then they stay held."""
        self._earlier.extend(self._held.values())
        self._held = {}
        confirmed = tuple(self._earlier)
        people = {user_id for held in confirmed for user_id in held.people}
        known = self._owners.among(people)  # registered here meanwhile
        found = known | await self._read(people - known)
        for held in confirmed:
            late = held.people & found
            if late:
                await self._hand_on(held, late)
            # Only here may they be dropped: a cancelled confirmation is repeated.
            self._earlier.popleft()
            self._held_bytes -= held.size
            without = held.people - late
            own = sum(message.sender_id in without for message in held.messages)
            count_without(len(held.messages) * len(without) - own)


def have_same_people(
    participants: Mapping[str, Participant], others: Mapping[str, Participant]
) -> bool:
    return participants is others or participants.keys() == others.keys()


def count_without(dropped: int) -> None:
    """Count how often it was decided that somebody gets no push, for lack of a device."""
    if dropped:
        NOTIFICATION_DECISIONS.labels(Verdict.DROPPED.value, Reason.NO_DEVICE.value).inc(dropped)
