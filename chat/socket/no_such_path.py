"""The consumer for all socket paths that do not exist."""

from collections.abc import Mapping
from typing import Any

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from chat.state import state_of


class NoSuchPath(AsyncConsumer):  # type: ignore[misc]
    """Refuses sockets on any other path, before they are accepted."""

    channel_layer_alias = "none"

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "websocket.connect":
            await state_of(self.scope).strangers.count(self.scope)
            await self.send({"type": "websocket.close"})
        elif message["type"] == "websocket.disconnect":
            raise StopConsumer
