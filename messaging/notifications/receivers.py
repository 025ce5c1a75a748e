"""Receivers: turn signals into jobs.

Everything here runs in the background, after the commit. The sender of the signal logs errors,
which affect nobody else.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.dispatch import Signal

from messaging.domain.conversation import Conversation
from messaging.domain.health import Condition
from messaging.domain.message import Message
from messaging.domain.participant import Participant
from messaging.domain.signals import (
    conversation_read,
    instance_lost,
    message_deleted,
    message_sent,
    participants_removed,
)
from messaging.instruments.origin import current_origin
from messaging.notifications.devices.lookups import DeviceLookups, Held
from messaging.notifications.dispatcher import Dispatcher
from messaging.notifications.grace import Grace
from messaging.notifications.jobs import HeldMessage, QueuedJob, WithdrawJob, by_chunk
from messaging.notifications.notifier import Notifier
from messaging.notifications.options import get_options
from messaging.notifications.parts import Host, Parts
from messaging.notifications.policy import Stage, Wishes, rule_at_sending
from messaging.notifications.push.inbox import Inbox
from messaging.notifications.push.protocol import PushBackend, make_push_backend
from messaging.notifications.queue.sqs import SqsQueue
from messaging.notifications.removal.clearing import Clearing
from messaging.notifications.sweep import Left, Sweeper
from messaging.presence.presence import Presence

_Chunks = Callable[[Set[str]], Mapping[int, Sequence[str]]]
"""Returns people by their chunk."""


class Notifications:
    """The notifications of one instance. It receives the instance's signals between `start` and
    `stop`."""

    def __init__(self, parts: Parts, *, presence: Presence, host: Host) -> None:
        self.parts = parts
        self._presence = presence
        self._host = host
        self._running: _Running | None = None
        self.inbox = Inbox() if settings.CHAT_DEMO else None
        """The phones of the demo page."""

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """Return the conditions of the queue and of the push service; empty before the start."""
        return {} if self._running is None else self._running.conditions

    def start(self) -> None:
        """Read the settings, and connect to the signals."""
        url = settings.NOTIFICATION_QUEUE_URL
        push = make_push_backend(self.inbox)
        notifier = Notifier(self.parts, push, note_without=self._note_without)
        dispatcher = Dispatcher(notifier, SqsQueue(url) if url else None)
        self._running = _Running(self.parts, self._presence, self._host, dispatcher, push)
        self._running.start()

    def put(self, job: QueuedJob) -> None:
        """Put a job on the queue. Neither waits nor raises; before the start it is dropped."""
        if self._running is not None:
            self._running.put(job)

    def device_registered(self, user_id: str) -> None:
        """Note a device that was registered through this instance."""
        if self._running is not None:
            self._running.lookups.registered(user_id)

    def device_removed(self, user_id: str) -> None:
        """Note a device that was removed through this instance."""
        if self._running is not None:
            self._running.lookups.removed(user_id)

    def _note_without(self, user_ids: Collection[str]) -> None:
        if self._running is not None:
            self._running.lookups.note_without(user_ids)

    async def without_device(self, message: Message, user_ids: Sequence[str]) -> frozenset[str]:
        """Return those of these people without a recorded decision who had no device for this
        message: nothing is recorded about them. One read each. Raises StoreUnavailable."""
        if message.created_at < datetime.now(UTC) - get_options().kept_time:
            return frozenset()  # decisions are no longer kept
        recipients = await self.parts.recipients.get_recipients(user_ids)
        return frozenset(
            user_id
            for user_id, recipient in recipients.items()
            if all(device.registered_at > message.created_at for device in recipient.devices)
        )

    async def stop(self) -> bool:
        """Disconnect, and finish the work in progress. Return False if the other instances must
        look for the rest."""
        running, self._running = self._running, None
        return running is None or await running.stop()


class _Running:
    def __init__(
        self,
        parts: Parts,
        presence: Presence,
        host: Host,
        dispatcher: Dispatcher,
        push: PushBackend,
    ) -> None:
        self._presence = presence
        self._host = host
        self._dispatcher = dispatcher
        self._push = push
        self._clearing = Clearing(parts.badges, dispatcher)
        self.lookups = DeviceLookups(parts.recipients, self._notify_late)
        self._grace = Grace(parts.acknowledged, self.lookups, dispatcher)
        self._sweeper = Sweeper(parts, host, self.lookups, self._enqueue)
        self._receivers: Mapping[Signal, Callable[..., Any]] = {
            message_sent: self._message_sent,
            message_deleted: self._message_deleted,
            conversation_read: self._conversation_read,
            participants_removed: self._participants_removed,
            instance_lost: self._instance_lost,
        }

    @property
    def conditions(self) -> Mapping[str, Condition]:
        return {"queue": self._dispatcher.condition, "push": self._push.condition}

    def put(self, job: QueuedJob) -> None:
        self._dispatcher.put(job)

    def start(self) -> None:
        self._dispatcher.start()
        self.lookups.start()
        self._grace.start()
        for signal, receiver in self._receivers.items():
            signal.connect(receiver, sender=self._host)

    async def stop(self) -> bool:
        for signal, receiver in self._receivers.items():
            signal.disconnect(receiver, sender=self._host)
        try:
            await self._clearing.stop()
            confirmed = await self.lookups.stop()
            await self._grace.stop()
            all_done = await self._dispatcher.stop()
        finally:
            await self._push.close()
        return confirmed and all_done and self._sweeper.all_done

    async def _message_sent(self, message: Message, conversation: Conversation, **_: Any) -> None:
        sent = _held(message, made_at=time.time())
        wishes = rule_at_sending(conversation, message, datetime.now(UTC))
        people = wishes.wanted | wishes.dropped.keys() if wishes.dropped else wishes.wanted
        if held := self.lookups.hold(conversation, sent, people):
            people = people - held
        if people:
            participants = conversation.participants
            connected = await self._notify(sent, wishes, people, partial(by_chunk, participants))
            self._give_time(sent, participants, connected)
        # Sending counts as reading up to one's own message.
        self._clearing.note_read(conversation.id, [message.sender_id], message.seq)

    async def _message_deleted(
        self, message: Message, conversation: Conversation, **_: Any
    ) -> None:
        job = WithdrawJob(
            conversation_id=conversation.id,
            message_id=message.id,
            seq=message.seq,
            made_at=time.time(),
        )
        self._dispatcher.run_here(job)

    async def _participants_removed(
        self, user_ids: Sequence[str], conversation: Conversation, **_: Any
    ) -> None:
        self._clearing.note_read(conversation.id, user_ids, conversation.seq)

    async def _conversation_read(
        self, user_id: str, conversation_id: str, read_seq: int, **_: Any
    ) -> None:
        self._clearing.note_read(conversation_id, [user_id], read_seq)

    async def _instance_lost(self, boot_id: str, since: datetime, **_: Any) -> None:
        await self._sweeper.sweep(boot_id=boot_id, since=since)

    async def _enqueue(self, left: Left) -> None:
        """Create the jobs of a sweep. They are as old as their message: they check what was read
        since, and send no late push."""
        wishes = rule_at_sending(left.conversation, left.message, datetime.now(UTC))
        people = {user_id for chunk in left.chunks.values() for user_id in chunk}

        def chunks(some: Set[str]) -> Mapping[int, Sequence[str]]:
            return {
                number: [user_id for user_id in chunk if user_id in some]
                for number, chunk in left.chunks.items()
            }

        message = _held(left.message, made_at=left.message.created_at.timestamp())
        connected = await self._notify(message, wishes, people, chunks)
        self._put_later(message, connected, chunks, seconds=get_options().grace)

    async def _notify(
        self, message: HeldMessage, wishes: Wishes, people: Set[str], chunks: _Chunks
    ) -> Set[str]:
        """Create the jobs for those of these people whom a message may concern and who have no
        socket. Return those who have one: they have time to acknowledge."""
        wanted = wishes.wanted if people is wishes.wanted else wishes.wanted & people
        connected = await self._presence.online(wanted) if wanted else frozenset()
        absent = await self.lookups.owners(wanted - connected)
        dropped = {
            user_id: reason.value for user_id, reason in wishes.dropped.items() if user_id in people
        }
        self._put_now(message, absent, dropped, chunks)
        return connected

    async def _notify_late(self, held: Held, people: Set[str]) -> None:
        """Create the jobs of held messages for people who have a device after all."""
        connected = await self._presence.online(people)
        chunks = partial(by_chunk, held.participants)
        for message in held.messages:
            others = people - {message.sender_id}
            self._put_now(message, others - connected, {}, chunks)
            self._give_time(message, held.participants, others & connected)

    def _put_now(
        self, message: HeldMessage, absent: Set[str], dropped: Mapping[str, str], chunks: _Chunks
    ) -> None:
        people = absent | dropped.keys()
        for number, chunk in chunks(people).items() if people else ():
            self._dispatcher.put(
                message.job(
                    chunk=number,
                    stage=Stage.SENT,
                    user_ids=tuple(user_id for user_id in chunk if user_id in absent),
                    dropped={user_id: dropped[user_id] for user_id in chunk if user_id in dropped},
                )
            )

    def _give_time(
        self, message: HeldMessage, participants: Mapping[str, Participant], connected: Set[str]
    ) -> None:
        """Give connected people the rest of their time to acknowledge a message."""
        if not connected:
            return
        seconds = max(get_options().grace - (time.time() - message.made_at), 0)
        if self._dispatcher.queues and not self._host.isolated:
            chunks = partial(by_chunk, participants)
            self._put_later(message, connected, chunks, seconds=seconds)
        else:
            self._grace.wait(message, participants, connected, seconds=seconds)

    def _put_later(
        self, message: HeldMessage, connected: Set[str], chunks: _Chunks, *, seconds: float
    ) -> None:
        """Put jobs for connected people, who have so much time to acknowledge the message."""
        for number, chunk in chunks(connected).items() if connected else ():
            # Other processes learn of acknowledgements here only through Redis.
            self._dispatcher.put(
                message.job(chunk=number, stage=Stage.GRACE_OVER, user_ids=tuple(chunk)),
                delay=round(seconds),
                here=self._host.isolated,
            )


def _held(message: Message, *, made_at: float) -> HeldMessage:
    return HeldMessage(
        conversation_id=message.conversation_id,
        id=message.id,
        seq=message.seq,
        sender_id=message.sender_id,
        made_at=made_at,
        origin=current_origin(),
    )
