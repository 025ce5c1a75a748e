"""The table of what a service account does. It need not be in the conversation."""

import json
from collections.abc import Awaitable, Callable, Mapping

from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.message import MessageKind
from messaging.runtime.instance import Instance
from messaging.services.back_end import conversations, messages, participants
from tests.fuzz.agreement.scene import Scene

_CALLER = ServiceCaller(
    name="shop", token_id="0" * 12, scopes=frozenset(Scope), requests_per_second=1_000
)

Intervention = Callable[[Instance, Scene, int], Awaitable[None]]


async def _send(instance: Instance, scene: Scene, number: int) -> None:
    sent = await messages.send_message(
        instance,
        service=_CALLER,
        conversation_id=scene.id,
        text=f"from the shop {number}",
        mentions=[scene.person(number)] if number % 2 else [],
    )
    scene.sent.append(sent.message.id)


async def _report(instance: Instance, scene: Scene, number: int) -> None:
    """Send a system message."""
    sent = await messages.send_message(
        instance,
        service=_CALLER,
        conversation_id=scene.id,
        kind=MessageKind.SYSTEM,
        metadata=json.dumps({"event": "order.shipped", "number": number}),
    )
    scene.sent.append(sent.message.id)


async def _delete(instance: Instance, scene: Scene, number: int) -> None:
    await messages.delete_message(
        instance,
        service=_CALLER,
        conversation_id=scene.id,
        message_id=scene.message(number),
    )


async def _update(instance: Instance, scene: Scene, number: int) -> None:
    changes: dict[str, object] = {"frozen": number % 4 == 0}
    if number % 2:
        changes["title"] = f"Order {number % 3}"
    await conversations.update_conversation(
        instance, service=_CALLER, conversation_id=scene.id, changes=changes
    )


async def _add(instance: Instance, scene: Scene, number: int) -> None:
    await participants.add_participants(
        instance, service=_CALLER, conversation_id=scene.id, user_ids=[scene.person(number)]
    )


async def _remove(instance: Instance, scene: Scene, number: int) -> None:
    await participants.remove_participant(
        instance,
        service=_CALLER,
        conversation_id=scene.id,
        participant_id=scene.person(number),
    )


BY_SERVICES: Mapping[str, Intervention] = {
    "service sends": _send,
    "service reports": _report,
    "service deletes": _delete,
    "service updates": _update,
    "service adds": _add,
    "service removes": _remove,
}
