"""Stock Channels as its tutorial has it: a consumer, a group, and channels_redis between them."""

import os
from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from events import fan, reply, typing

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # With the default of 100, a batch of events would be dropped while others wait.
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "capacity": 1_000},
        }
    }
)


class Chat(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        query = parse_qs(self.scope["query_string"].decode())
        self.room = query["conversation"][0]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        # The generator looks for the words without spaces.
        await self.send('{"type":"hello"}')

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content: Any, **options: Any) -> None:
        if content["do"] == "fan":
            for event in fan(content):
                await self._send_to(content["to"], event)
            return
        if content["do"] == "typing":
            await self._send_to(content["to"], typing(content))
        await self.send_json(reply(content))

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json(event["event"])

    async def _send_to(self, room: str, event: dict[str, Any]) -> None:
        await self.channel_layer.group_send(room, {"type": "chat.message", "event": event})


application = ProtocolTypeRouter({"websocket": Chat.as_asgi()})
