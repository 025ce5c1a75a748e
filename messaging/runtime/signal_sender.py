"""Sends the public signals of `messaging.domain.signals`, in the background and in order."""

from contextlib import nullcontext
from typing import Any

import structlog
from django.dispatch import Signal

from messaging.commits.group_commit import Committed
from messaging.concurrency.tasks import TaskSet
from messaging.domain.change import Change, ChangeType
from messaging.domain.signals import message_deleted, message_sent, participants_removed
from messaging.instruments.origin import caused_by

logger = structlog.get_logger(__name__)

_SIGNALLED = frozenset(
    {ChangeType.MESSAGE_CREATED, ChangeType.MESSAGE_DELETED, ChangeType.PARTICIPANT_REMOVED}
)


class SignalSender:
    def __init__(self, sender: object, background: TaskSet[None]) -> None:
        """Create a sender. `sender` is the instance, in the sense of Django's signals."""
        self._sender = sender
        self._background = background

    def send(self, signal: Signal, **arguments: Any) -> None:
        """Send one signal. Neither waits nor raises."""
        self._background.start(self.send_now(signal, **arguments))

    def send_committed(self, committed: Committed) -> None:
        """Send the signals of one commit, one after the other. Neither waits nor raises."""
        if any(change.type in _SIGNALLED for change in committed.changes):
            self._background.start(self._send_committed(committed))

    async def send_now(self, signal: Signal, **arguments: Any) -> None:
        """Wait for all receivers, and log their errors."""
        answers = await signal.asend_robust(sender=self._sender, **arguments)
        for receiver, answer in answers:
            if isinstance(answer, Exception):
                logger.error("signal.receiver_failed", receiver=repr(receiver), exc_info=answer)

    async def _send_committed(self, committed: Committed) -> None:
        conversation = committed.conversation
        for change in committed.changes:
            match change.type:
                case ChangeType.MESSAGE_CREATED if not _is_system(change):
                    origin = committed.origins.get(change.version)
                    with caused_by(origin) if origin is not None else nullcontext():
                        await self.send_now(
                            message_sent, message=change.message, conversation=conversation
                        )
                case ChangeType.MESSAGE_DELETED:
                    await self.send_now(
                        message_deleted, message=change.message, conversation=conversation
                    )
                case ChangeType.PARTICIPANT_REMOVED:
                    user_ids = [person.user_id for person in change.participants]
                    await self.send_now(
                        participants_removed, user_ids=user_ids, conversation=conversation
                    )


def _is_system(change: Change) -> bool:
    """Return whether it is about a system message, which nobody sent."""
    return change.message is not None and change.message.is_system
