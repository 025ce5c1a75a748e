"""Blocks: the people from whom I do not want messages."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.services.account import blocks


class BlocksView(APIView):
    scopes: ClassVar = {"GET": NOTHING}

    @described(operation_id="list_blocks", responses={200: responses.Blocks})
    async def get(self, request: Request) -> Response:
        """List the people whom I block."""
        people = await blocks.list_blocks(self.instance, user_id=self.user_id)
        return Response({"items": [{"user_id": user_id} for user_id in people]})


class BlockView(APIView):
    scopes: ClassVar = {"PUT": NOTHING, "DELETE": NOTHING}

    @described(operation_id="block_person", request=None, responses={204: None})
    async def put(self, request: Request, user_id: str) -> Response:
        """Block a person: stop direct messages between us, in both directions."""
        await blocks.block_person(self.instance, user_id=self.user_id, person_id=user_id)
        return Response(status=204)

    @described(operation_id="unblock_person", responses={204: None})
    async def delete(self, request: Request, user_id: str) -> Response:
        """Unblock a person."""
        await blocks.unblock_person(self.instance, user_id=self.user_id, person_id=user_id)
        return Response(status=204)
