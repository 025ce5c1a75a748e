"""What the fan-out is measured by: stock Channels, as its tutorial has it, one group for all."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

settings.configure(CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})


class Chat(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        await self.channel_layer.group_add("everybody", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("everybody", self.channel_name)

    async def receive_json(self, content: Any, **options: Any) -> None:
        await self.channel_layer.group_send("everybody", {"type": "chat.message", "it": content})

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json(event["it"])


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":  # whether it is there yet
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    elif scope["type"] == "websocket":
        await _sockets(scope, receive, send)


_sockets = ProtocolTypeRouter({"websocket": Chat.as_asgi()})
