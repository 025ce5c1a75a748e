"""Messages: history, sending, editing, deleting, and changes."""

from collections.abc import Sequence

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.payloads.answers import changes_data
from chat.payloads.decoding import DocumentDecoder
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.own_messages import own_message, own_messages
from chat.rest.views.base import APIView
from messaging.domain.message import Message
from messaging.redis.rate_limits import Rate
from messaging.services import history, messages, sync
from messaging.wire.representations import Data

VERSION_HEADER = "Chat-Version"
_SEND = DocumentDecoder(serializers.SendMessage)


class MessagesView(APIView):
    def rate(self) -> Rate:
        if self.request.method == "POST":
            return self.state.person_rates.sends
        return super().rate()

    @described(
        operation_id="list_messages",
        parameters=[serializers.MessagesQuery],
        responses={200: responses.MessagePage},
    )
    async def get(self, request: Request, conversation_id: str) -> Response:
        """List messages by seq: the latest, before, after or around one, or by their ids."""
        query = self.query(serializers.MessagesQuery)
        if "ids" in query:
            found = await history.get_messages(
                self.instance,
                user_id=self.user_id,
                conversation_id=conversation_id,
                message_ids=query["ids"],
            )
            return Response({"items": await self._own(conversation_id, found)})
        page = await history.list_messages(
            self.instance, user_id=self.user_id, conversation_id=conversation_id, **query
        )
        return Response(
            {
                "items": await self._own(conversation_id, page.messages),
                "has_more_before": page.has_more_before,
                "has_more_after": page.has_more_after,
            }
        )

    @described(
        operation_id="send_message",
        request=serializers.SendMessage,
        responses={200: responses.OwnMessage, 201: responses.OwnMessage},
    )
    async def post(self, request: Request, conversation_id: str) -> Response:
        """Send a message; 200 if this client_id was already sent."""
        sent = await messages.send_message(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            **self.body(serializers.SendMessage, _SEND),
        )
        data = await own_message(self.instance, user_id=self.user_id, message=sent.message)
        return Response(data, status=201 if sent.created else 200)

    async def _own(self, conversation_id: str, found: Sequence[Message]) -> list[Data]:
        return await own_messages(self.instance, user_id=self.user_id, messages=found)


class MessageView(APIView):
    @described(operation_id="get_message", responses={200: responses.OwnMessage})
    async def get(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Get a message; a deleted one has no content."""
        message = await history.get_message(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
        )
        return Response(await own_message(self.instance, user_id=self.user_id, message=message))

    @described(
        operation_id="edit_message",
        request=serializers.EditMessage,
        responses={200: responses.OwnMessage},
    )
    async def patch(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Change the text or the metadata of my own message."""
        body = self.body(serializers.EditMessage)
        message = await messages.edit_message(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
            changes=body,
        )
        return Response(await own_message(self.instance, user_id=self.user_id, message=message))

    @described(
        operation_id="delete_message",
        parameters=[
            OpenApiParameter(
                VERSION_HEADER,
                {"type": "integer", "minimum": 1, "example": 8},
                OpenApiParameter.HEADER,
                response=[204],
                description="The `version` of the deletion.",
            )
        ],
        responses={204: None},
    )
    async def delete(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """Delete my own message; owner and admins may delete any message."""
        version = await messages.delete_message(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
        )
        return Response(status=204, headers={VERSION_HEADER: str(version)})


class ChangesView(APIView):
    @described(
        operation_id="list_changes",
        parameters=[serializers.ChangesQuery],
        responses={200: responses.Changes},
    )
    async def get(self, request: Request, conversation_id: str) -> Response:
        """Get the present state of everything that changed after a version."""
        query = self.query(serializers.ChangesQuery)
        changes = await sync.list_changes(
            self.instance, user_id=self.user_id, conversation_id=conversation_id, **query
        )
        return Response({**changes_data(changes), "epoch": changes.epoch})
