"""Typing indicators."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.limits.throttling import require_rate
from chat.payloads import serializers
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.services import typing_indicators


class TypingView(APIView):
    scopes: ClassVar = {"POST": NOTHING}

    @described(operation_id="set_typing", request=serializers.SetTyping, responses={202: None})
    async def post(self, request: Request, conversation_id: str) -> Response:
        """Show the others that I am typing, or have stopped."""
        body = self.body(serializers.SetTyping)
        rates = self.state.person_rates
        rate = rates.typing if body["typing"] else rates.typing_stops
        await require_rate(self.instance.rates, rate, self.user_id)
        await typing_indicators.set_typing(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            typing=body["typing"],
        )
        return Response(status=202)
