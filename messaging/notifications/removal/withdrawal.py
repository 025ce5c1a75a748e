"""Withdrawal: a deleted message's notification disappears, or shows the latest unread message
instead.

It runs on the instance that deleted the message, never through the queue, so workers of an earlier
release need not support it.

Not promised: if the instance is killed within these seconds, the notification stays until the next
one of this conversation replaces it.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.own.state import effective_read_seq
from messaging.domain.participant import Preferences, ReadPosition
from messaging.domain.recipients import Decision, Recipient, Verdict
from messaging.notifications.jobs import RetryLater, WithdrawJob
from messaging.notifications.options import get_options
from messaging.notifications.parts import Parts
from messaging.notifications.policy import Action, Circumstances, rule
from messaging.notifications.push.protocol import Push, Status
from messaging.notifications.push.pushes import clear_push, message_push
from messaging.notifications.pusher import Pusher

_EARLIER = 50
"""How many messages before the deleted one are candidates to replace it."""
_UNDER_WAY_SECONDS = 1.0


class Withdrawer:
    def __init__(self, parts: Parts, pusher: Pusher) -> None:
        self._parts = parts
        self._pusher = pusher

    async def run(self, job: WithdrawJob) -> RetryLater | None:
        """Withdraw a deleted message from the devices that show it. Raises StoreUnavailable."""
        if time.time() - job.made_at > get_options().stale:
            return None
        decisions = await self._parts.decisions.list_decisions(job.conversation_id, job.message_id)
        if any(_under_way(decision) for decision in decisions.values()):
            return RetryLater(seconds=_UNDER_WAY_SECONDS, reason="claimed")
        notified = [user for user, decision in decisions.items() if _was_pushed(decision)]
        shown = await self._parts.badges.shown(job.conversation_id, notified) if notified else {}
        people = [user_id for user_id in notified if shown.get(user_id) == job.seq]
        if people:
            await self._withdraw(job, people)
        return None

    async def _withdraw(self, job: WithdrawJob, people: Sequence[str]) -> None:
        store = self._parts.store
        recipients = await self._parts.recipients.get_recipients(people)
        conversation = await store.get_conversation(job.conversation_id)
        earlier: Sequence[Message] = []
        if conversation is not None and job.seq > 1:
            first = max(job.seq - _EARLIER, 1)
            earlier = await store.list_messages(
                job.conversation_id, first_seq=first, last_seq=job.seq - 1
            )
        pushes: list[Push] = []
        for user_id in people:
            recipient = recipients[user_id]
            instead = None
            if conversation is not None and user_id in conversation.participants:
                instead = await self._latest_unread(conversation, earlier, recipient)
            pushes += await self._pushes(job, conversation, recipient, instead)
        await self._pusher.send(pushes)

    async def _pushes(
        self,
        job: WithdrawJob,
        conversation: Conversation | None,
        recipient: Recipient,
        instead: Message | None,
    ) -> Sequence[Push]:
        badges, user_id = self._parts.badges, recipient.user_id
        if conversation is not None and instead is not None:
            sender = await self._parts.name_of(instead.sender_id)
            await badges.discard({(conversation.id, user_id): job.seq})
            counts = await badges.add(conversation.id, instead.seq, [user_id])
            return [
                message_push(
                    conversation,
                    instead,
                    recipient,
                    device,
                    sender=sender,
                    badge=counts.get(user_id),
                    quiet=True,
                )
                for device in recipient.devices
            ]
        key = (job.conversation_id, user_id)
        left = await badges.discard({key: job.seq})
        return [
            clear_push(job.conversation_id, user_id, device, read_seq=job.seq, badge=left.get(key))
            for device in recipient.devices
        ]

    async def _latest_unread(
        self, conversation: Conversation, messages: Sequence[Message], recipient: Recipient
    ) -> Message | None:
        """Return the latest of these messages that this person has not read and wants to see."""
        user_id = recipient.user_id
        positions = await self._parts.store.get_read_positions(user_id, [conversation.id])
        position = positions.get(conversation.id, ReadPosition(user_id=user_id))
        read_seq = effective_read_seq(conversation, position)
        now = datetime.now(UTC)
        for message in reversed(messages):
            if message.seq <= read_seq:
                return None
            known = Circumstances(
                sender_id=message.sender_id,
                preferences=conversation.preferences.get(user_id, Preferences()),
                mentioned=message.mentions_person(user_id),
                deleted=message.deleted_at is not None,
                recipient=recipient,
            )
            rings = message.sender_id != user_id and not message.is_system
            if rings and rule(known, now).action is not Action.DROP:
                return message
        return None


def _under_way(decision: Decision) -> bool:
    """Return whether a push of the message may still be sent."""
    return (
        decision.verdict is None
        and decision.claimed_until is not None
        and decision.claimed_until > datetime.now(UTC)
    )


def _was_pushed(decision: Decision) -> bool:
    return decision.verdict is Verdict.SENT or Status.SENT in decision.devices.values()
