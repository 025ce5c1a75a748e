"""The product with a door for the benchmark: commands that create events without storing them."""

from dataclasses import replace
from typing import Any

import orjson

from chat.socket.direct_transport import DIRECT_TRANSPORT
from config.asgi import application as product
from config.servers.backpressure import flow_controlled
from config.servers.uvicorn_socket import StepEnd, add_direct_transport
from messaging.commits.group_commit import Committed
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.runtime.instance import Instance

_PATH = "/bench"
_instance: Instance = product.instance
_step_end = StepEnd()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket" and scope["path"] == _PATH:
        add_direct_transport(scope, send, _step_end)
        await _serve(scope, *flow_controlled(receive, send))
    else:
        await product(scope, receive, send)


async def _serve(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": '{"type":"hello"}'})
    conversations: dict[str, Conversation] = {}

    def take(text: str) -> bool:
        """Run a command in the step that reads it, as the product runs its own commands."""
        command = orjson.loads(text)
        conversation = conversations.get(command["to"])
        if conversation is not None:
            _publish(conversation, command)
        return conversation is not None

    direct = scope.get("extensions", {}).get(DIRECT_TRANSPORT)
    if direct is not None:
        direct.read(take)
    while (event := await receive())["type"] == "websocket.receive":
        name = orjson.loads(event["text"])["to"]
        if name not in conversations:
            conversation = await _instance.store.get_conversation(name)
            assert conversation is not None
            conversations[name] = conversation
        take(event["text"])


def _publish(conversation: Conversation, command: dict[str, Any]) -> None:
    """Publish messages with the numbers of the load generator, which are versions too."""
    first = int(command["first"])
    changes = []
    for number in range(first, first + command["count"]):
        text = command["text"].replace(command["first"], f"{number:08}")
        changes.append(_sent(conversation, number, text))
    last = changes[-1]
    after = replace(conversation, version=last.version, seq=last.version, last_message=last.message)
    _instance.publisher.publish_commit(
        Committed(conversation=after, before_token=conversation.token, changes=changes)
    )


def _sent(conversation: Conversation, number: int, text: str) -> Change:
    message = Message(
        id=f"{conversation.id}-{number}",
        conversation_id=conversation.id,
        seq=number,
        version=number,
        created_version=number,
        sender_id="sender",
        client_id=str(number),
        text=text,
        reply_to=None,
        mentions=(),
        created_at=conversation.updated_at,
        content_hash="",
    )
    return Change(type=ChangeType.MESSAGE_CREATED, version=number, message=message, by="sender")
