"""The ear of the notifications: from signals to jobs.

Everything here runs in the background, after the commit. What goes wrong is logged by whoever
sent the signal, and concerns nobody else.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.signals import (
    conversation_read,
    instance_lost,
    instance_started,
    instance_stopping,
    message_deleted,
    message_sent,
    participants_removed,
)
from messaging.notifications.dispatcher import Dispatcher
from messaging.notifications.jobs import ClearJob, NotifyJob, WithdrawJob, in_chunks
from messaging.notifications.notifier import Notifier
from messaging.notifications.options import get_options
from messaging.notifications.policy import Action, Ruling, Stage, interested, rule_at_sending
from messaging.notifications.push.protocol import PushBackend, make_push_backend
from messaging.notifications.queue.sqs import SqsQueue
from messaging.notifications.sweep import Left, Sweeper
from messaging.runtime.app import Instance, get_instance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """What lives as long as its instance."""

    dispatcher: Dispatcher
    push: PushBackend
    sweeper: Sweeper


_running: dict[str, _Running] = {}
"""By boot id."""


def connect() -> None:
    """Listen. Called once, when Django has loaded the app."""
    instance_started.connect(_start, dispatch_uid="notifications")
    instance_stopping.connect(_stop, dispatch_uid="notifications")
    message_sent.connect(_message_sent, dispatch_uid="notifications")
    message_deleted.connect(_message_deleted, dispatch_uid="notifications")
    conversation_read.connect(_conversation_read, dispatch_uid="notifications")
    participants_removed.connect(_participants_removed, dispatch_uid="notifications")
    instance_lost.connect(_instance_lost, dispatch_uid="notifications")


async def notify(
    instance: Instance,
    conversation: Conversation,
    message: Message,
    *,
    chunks: Mapping[int, Sequence[str]],
    made_at: float,
) -> None:
    """Have these people looked at whom a message may concern: those without a socket at once, the
    others when they have had their time to acknowledge it."""
    dispatcher = _running[instance.boot_id].dispatcher
    now = datetime.now(UTC)
    wanted = interested(conversation, message, now)
    connected = await instance.presence.online(wanted) if wanted else frozenset()
    rulings = rule_at_sending(conversation, message, connected=connected, now=now)
    for number, people in chunks.items():
        chunk = {user_id: rulings[user_id] for user_id in people if user_id in rulings}
        _dispatch(instance, dispatcher, message, number, chunk, made_at=made_at)


def _dispatch(
    instance: Instance,
    dispatcher: Dispatcher,
    message: Message,
    number: int,
    rulings: Mapping[str, Ruling],
    *,
    made_at: float,
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
        dispatcher.put(job(Stage.SENT, absent, dropped))
    if waiting:
        # What is acknowledged here, other processes know through Redis only.
        alone = instance.link is None or instance.degraded
        grace = get_options().grace
        dispatcher.put(job(Stage.GRACE_OVER, waiting, {}), delay=grace, here=alone)


async def _start(instance: Instance, **_: Any) -> None:
    url = settings.NOTIFICATION_QUEUE_URL
    push = make_push_backend()
    dispatcher = Dispatcher(Notifier(instance, push), SqsQueue(url) if url else None)
    dispatcher.start()
    instance.dependencies["queue"] = lambda: dispatcher.condition
    instance.dependencies["push"] = lambda: push.condition

    async def enqueue(left: Left) -> None:
        """As old as the message is: what was read since is looked at, and nobody is rung late."""
        made_at = left.message.created_at.timestamp()
        await notify(instance, left.conversation, left.message, chunks=left.chunks, made_at=made_at)

    _running[instance.boot_id] = _Running(
        dispatcher=dispatcher, push=push, sweeper=Sweeper(instance, enqueue)
    )


async def _stop(instance: Instance, **_: Any) -> bool:
    running = _running.pop(instance.boot_id)
    all_done = await running.dispatcher.stop()
    await running.push.close()
    return all_done and running.sweeper.all_done


async def _message_sent(message: Message, conversation: Conversation, **_: Any) -> None:
    instance = get_instance()
    if instance.boot_id in _running:
        chunks = dict(enumerate(in_chunks(conversation.participants)))
        await notify(instance, conversation, message, chunks=chunks, made_at=time.time())
        # Sending counts as reading up to one's own message.
        await _clear(instance, conversation.id, [message.sender_id], message.seq)


async def _message_deleted(message: Message, conversation: Conversation, **_: Any) -> None:
    instance = get_instance()
    if instance.boot_id in _running:
        job = WithdrawJob(
            conversation_id=conversation.id,
            message_id=message.id,
            seq=message.seq,
            made_at=time.time(),
        )
        _running[instance.boot_id].dispatcher.run_here(job)


async def _participants_removed(
    user_ids: Sequence[str], conversation: Conversation, **_: Any
) -> None:
    instance = get_instance()
    if instance.boot_id in _running:
        await _clear(instance, conversation.id, user_ids, conversation.seq)


async def _conversation_read(user_id: str, conversation_id: str, read_seq: int, **_: Any) -> None:
    instance = get_instance()
    if instance.boot_id in _running:
        await _clear(instance, conversation_id, [user_id], read_seq)


async def _clear(
    instance: Instance, conversation_id: str, user_ids: Sequence[str], read_seq: int
) -> None:
    """Take the conversation's notification off the devices of those who have one."""
    left = await instance.rung.discard(conversation_id, user_ids, up_to=read_seq)
    for user_id in left:
        job = ClearJob(
            conversation_id=conversation_id,
            user_id=user_id,
            read_seq=read_seq,
            made_at=time.time(),
        )
        _running[instance.boot_id].dispatcher.put(job)


async def _instance_lost(boot_id: str, since: datetime, **_: Any) -> None:
    instance = get_instance()
    if instance.boot_id in _running:
        await _running[instance.boot_id].sweeper.sweep(boot_id=boot_id, since=since)
