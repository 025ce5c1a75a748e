"""Presence of the people I share a conversation with."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.services import presence
from messaging.wire.representations import presence_data


class PresenceView(APIView):
    scopes: ClassVar = {"GET": NOTHING}

    @described(
        operation_id="get_presence",
        parameters=[serializers.PresenceQuery],
        responses={200: responses.PresenceList},
    )
    async def get(self, request: Request) -> Response:
        """Get the presence of people with whom I share a conversation; others are left out."""
        query = self.query(serializers.PresenceQuery)
        present = await presence.get_presence(
            self.instance, user_id=self.user_id, user_ids=query["user_ids"]
        )
        return Response({"items": [presence_data(person) for person in present]})
