"""Pinned messages."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.own_messages import own_message, own_messages
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.services import pins


class PinView(APIView):
    scopes: ClassVar = {"PUT": ACT_AS, "DELETE": ACT_AS}

    @described(operation_id="pin_message", request=None, responses={200: responses.OwnMessage})
    async def put(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Pin a message; in a group, requires owner or admin."""
        return await self._set_pinned(conversation_id, message_id, pinned=True)

    @described(operation_id="unpin_message", responses={200: responses.OwnMessage})
    async def delete(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Unpin a message; in a group, requires owner or admin."""
        return await self._set_pinned(conversation_id, message_id, pinned=False)

    async def _set_pinned(self, conversation_id: str, message_id: str, *, pinned: bool) -> Response:
        message = await pins.set_pinned(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
            pinned=pinned,
        )
        return Response(await own_message(self.instance, user_id=self.user_id, message=message))


class PinsView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

    @described(operation_id="list_pins", responses={200: responses.Pins})
    async def get(self, request: Request, conversation_id: str) -> Response:
        """List the pinned messages, the latest pin first."""
        pinned = await pins.list_pins(
            self.instance, user_id=self.user_id, conversation_id=conversation_id
        )
        items = await own_messages(self.instance, user_id=self.user_id, messages=pinned)
        return Response({"items": items})
