"""Deliveries: who received a message, how, or why not."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads.answers import delivery_data
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.services import deliveries


class DeliveryView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

    @described(operation_id="get_delivery", responses={200: responses.Delivery})
    async def get(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Show who received a message, or why not, to its sender and the group's admins."""
        people = await deliveries.get_delivery(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
        )
        return Response({"items": [delivery_data(person) for person in people]})
