"""Receivers: turn signals into jobs.

Everything here runs in the background, after the commit. The sender of the signal logs errors,
which affect nobody else.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.dispatch import Signal

from messaging.domain.conversation import Conversation
from messaging.domain.health import Condition
from messaging.domain.message import Message
from messaging.domain.signals import (
    conversation_read,
    instance_lost,
    message_deleted,
    message_sent,
    participants_removed,
)
from messaging.notifications.dispatcher import Dispatcher
from messaging.notifications.jobs import ClearJob, NotifyJob, WithdrawJob, in_chunks
from messaging.notifications.notifier import Notifier
from messaging.notifications.options import get_options
from messaging.notifications.parts import Host, Parts
from messaging.notifications.policy import Action, Ruling, Stage, interested, rule_at_sending
from messaging.notifications.push.inbox import Inbox
from messaging.notifications.push.protocol import PushBackend, make_push_backend
from messaging.notifications.queue.sqs import SqsQueue
from messaging.notifications.sweep import Left, Sweeper
from messaging.presence.presence import Presence


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
        dispatcher = Dispatcher(Notifier(self.parts, push), SqsQueue(url) if url else None)
        self._running = _Running(self.parts, self._presence, self._host, dispatcher, push)
        self._running.start()

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
        self._badges = parts.badges
        self._presence = presence
        self._host = host
        self._dispatcher = dispatcher
        self._push = push
        self._sweeper = Sweeper(parts, host, self._enqueue)
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

    def start(self) -> None:
        self._dispatcher.start()
        for signal, receiver in self._receivers.items():
            signal.connect(receiver, sender=self._host)

    async def stop(self) -> bool:
        for signal, receiver in self._receivers.items():
            signal.disconnect(receiver, sender=self._host)
        try:
            all_done = await self._dispatcher.stop()
        finally:
            await self._push.close()
        return all_done and self._sweeper.all_done

    async def _message_sent(self, message: Message, conversation: Conversation, **_: Any) -> None:
        chunks = dict(enumerate(in_chunks(conversation.participants)))
        await self._notify(conversation, message, chunks=chunks, made_at=time.time())
        # Sending counts as reading up to one's own message.
        await self._clear(conversation.id, [message.sender_id], message.seq)

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
        await self._clear(conversation.id, user_ids, conversation.seq)

    async def _conversation_read(
        self, user_id: str, conversation_id: str, read_seq: int, **_: Any
    ) -> None:
        await self._clear(conversation_id, [user_id], read_seq)

    async def _instance_lost(self, boot_id: str, since: datetime, **_: Any) -> None:
        await self._sweeper.sweep(boot_id=boot_id, since=since)

    async def _enqueue(self, left: Left) -> None:
        """Create the jobs of a sweep. They are as old as their message: they check what was read
        since, and send no late push."""
        made_at = left.message.created_at.timestamp()
        await self._notify(left.conversation, left.message, chunks=left.chunks, made_at=made_at)

    async def _notify(
        self,
        conversation: Conversation,
        message: Message,
        *,
        chunks: Mapping[int, Sequence[str]],
        made_at: float,
    ) -> None:
        """Create the jobs for the people whom a message may concern: at once for those without a
        socket, and after their time to acknowledge for the others."""
        now = datetime.now(UTC)
        wanted = interested(conversation, message, now)
        connected = await self._presence.online(wanted) if wanted else frozenset()
        rulings = rule_at_sending(conversation, message, connected=connected, now=now)
        for number, people in chunks.items():
            chunk = {user_id: rulings[user_id] for user_id in people if user_id in rulings}
            self._dispatch(message, number, chunk, made_at=made_at)

    def _dispatch(
        self, message: Message, number: int, rulings: Mapping[str, Ruling], *, made_at: float
    ) -> None:
        def those(action: Action) -> tuple[str, ...]:
            return tuple(user_id for user_id, ruling in rulings.items() if ruling.action is action)

        def job(stage: Stage, user_ids: tuple[str, ...], dropped: Mapping[str, str]) -> NotifyJob:
            return NotifyJob(
                conversation_id=message.conversation_id,
                message_id=message.id,
                seq=message.seq,
                chunk=number,
                stage=stage,
                user_ids=user_ids,
                dropped=dropped,
                made_at=made_at,
            )

        absent, waiting = those(Action.SEND), those(Action.WAIT)
        dropped = {user_id: rulings[user_id].reason.value for user_id in those(Action.DROP)}
        if absent or dropped:
            self._dispatcher.put(job(Stage.SENT, absent, dropped))
        if waiting:
            # Other processes learn of acknowledgements here only through Redis.
            here = self._host.isolated
            self._dispatcher.put(
                job(Stage.GRACE_OVER, waiting, {}), delay=get_options().grace, here=here
            )

    async def _clear(self, conversation_id: str, user_ids: Sequence[str], read_seq: int) -> None:
        """Remove the conversation's notification from the devices of the people who have one."""
        left = await self._badges.discard(conversation_id, user_ids, up_to=read_seq)
        for user_id in left:
            job = ClearJob(
                conversation_id=conversation_id,
                user_id=user_id,
                read_seq=read_seq,
                made_at=time.time(),
            )
            self._dispatcher.put(job)
