"""Reactions to messages."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.redis.rate_limits import Rate
from messaging.services import reactions
from messaging.wire.representations import personal_message_data


class ReactionView(APIView):
    scopes: ClassVar = {"GET": ACT_AS, "PUT": ACT_AS, "DELETE": ACT_AS}

    def rate(self) -> Rate:
        if self.request.method in {"PUT", "DELETE"}:
            return self.state.person_rates.sends
        return super().rate()

    @described(
        operation_id="list_reactions",
        parameters=[serializers.ReactionsQuery],
        responses={200: responses.ReactionPage},
    )
    async def get(self, request: Request, **path: Any) -> Response:
        """List everybody who reacted to a message with this emoji."""
        query = self.query(serializers.ReactionsQuery)
        page = await reactions.list_reactions(self.instance, user_id=self.user_id, **path, **query)
        items = [{"user_id": user_id} for user_id in page.user_ids]
        return Response({"items": items, "next_cursor": page.next_cursor})

    @described(operation_id="add_reaction", request=None, responses={200: responses.OwnMessage})
    async def put(self, request: Request, **path: str) -> Response:
        """React to a message with an emoji."""
        return await self._set(path, present=True)

    @described(operation_id="remove_reaction", responses={200: responses.OwnMessage})
    async def delete(self, request: Request, **path: str) -> Response:
        """Remove my reaction from a message."""
        return await self._set(path, present=False)

    async def _set(self, path: dict[str, Any], *, present: bool) -> Response:
        reacted = await reactions.set_reaction(
            self.instance, user_id=self.user_id, present=present, **path
        )
        return Response(personal_message_data(reacted.message, reacted.own))
