"""Notifying with real parts: the store, Redis, SQS and FCM on the loopback address."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from messaging.domain.conversation import ConversationKind
from messaging.domain.message import Message
from messaging.domain.recipients import Decision, Platform, TokenKind
from messaging.notifications.jobs import NotifyJob
from messaging.notifications.policy import Stage
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from messaging.services.account import devices
from messaging.services.operators.delivery_outcomes import list_deliveries


@dataclass(frozen=True, slots=True)
class Group:
    """Ann's, with the people who are to be notified of what she writes."""

    instance: Instance
    id: str
    user_ids: tuple[str, ...]

    async def send(self, text: str = "Hello") -> Message:
        sent = await messages.send_message(
            self.instance, user_id="ann", conversation_id=self.id, text=text
        )
        return sent.message

    def job(self, message: Message, *, stage: Stage = Stage.SENT, age: float = 0.0) -> NotifyJob:
        """The job that the receiver makes of a message."""
        return NotifyJob(
            conversation_id=self.id,
            message_id=message.id,
            seq=message.seq,
            chunk=0,
            stage=stage,
            user_ids=self.user_ids,
            made_at=time.time() - age,
        )


async def found(
    instance: Instance, *user_ids: str, with_devices: int = 1, system_messages: bool = False
) -> Group:
    """A group of Ann and these people, each with so many devices: `bob-0`, …"""
    founded = await conversations.create_conversation(
        instance,
        user_id="ann",
        kind=ConversationKind.GROUP,
        participant_ids=user_ids,
        title="Tea",
        system_messages=system_messages,
    )
    for user_id in user_ids:
        for number in range(with_devices):
            await register(instance, user_id, number)
    return Group(instance, founded.own.conversation.id, user_ids)


async def register(
    instance: Instance, user_id: str, number: int = 0, *, token: str | None = None
) -> None:
    await devices.register_device(
        instance,
        user_id=user_id,
        device_id=f"phone-{number}",
        token=token or f"{user_id}-{number}",
        token_kind=TokenKind.TOKEN,
        platform=Platform.ANDROID,
    )


async def decisions(instance: Instance, message: Message) -> Mapping[str, Decision]:
    return await instance.decisions.list_decisions(message.conversation_id, message.id)


async def reasons(instance: Instance, message: Message) -> dict[str, str]:
    """What was decided of everybody: `sent absent`."""
    return {
        user_id: f"{decision.verdict} {decision.reason}"
        for user_id, decision in (await decisions(instance, message)).items()
    }


async def outcomes(instance: Instance, message: Message) -> dict[str, str]:
    """What operators see of everybody: `dropped no_device`."""
    conversation = await instance.store.get_conversation(message.conversation_id)
    assert conversation is not None
    return {
        one.user_id: f"{one.verdict} {one.reason}".rstrip()
        for one in await list_deliveries(instance, conversation, message)
    }


async def until(holds: Callable[[], bool], *, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
