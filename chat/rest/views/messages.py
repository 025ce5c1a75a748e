"""Messages: history, sending, editing, deleting, and changes."""

from collections.abc import Sequence
from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers, service_serializers
from chat.payloads.answers import changes_data, versions_data
from chat.payloads.decoding import DocumentDecoder
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.own_messages import own_message, own_messages
from chat.rest.service_access import ACT_AS, MANAGE, SEND
from chat.rest.views.base import APIView
from messaging.domain.message import Message, MessageKind
from messaging.redis.rate_limits import Rate
from messaging.services import history, messages, sync
from messaging.services.back_end import messages as service_messages
from messaging.wire.representations import Data, personal_message_data

VERSION_HEADER = "Chat-Version"
_SEND = DocumentDecoder(serializers.SendMessage)


class MessagesView(APIView):
    scopes: ClassVar = {"GET": ACT_AS, "POST": ACT_AS | SEND}

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
        request=service_serializers.SendMessage,
        responses={200: responses.OwnMessage, 201: responses.OwnMessage},
    )
    async def post(self, request: Request, conversation_id: str) -> Response:
        """Send a message; 200 if this client_id was already sent."""
        if self.service is not None:
            body = self.body(service_serializers.SendMessage)
            body["kind"] = MessageKind(body.get("kind", MessageKind.TEXT))
            sent = await service_messages.send_message(
                self.instance, service=self.service, conversation_id=conversation_id, **body
            )
        else:
            sent = await messages.send_message(
                self.instance,
                user_id=self.user_id,
                conversation_id=conversation_id,
                by_service=self.on_behalf,
                **self.body(serializers.SendMessage, _SEND),
            )
        if sent.created:
            return Response(personal_message_data(sent.message, ()), status=201)
        return Response(
            await own_message(self.instance, user_id=self.user_id, message=sent.message)
        )

    async def _own(self, conversation_id: str, found: Sequence[Message]) -> list[Data]:
        return await own_messages(self.instance, user_id=self.user_id, messages=found)


class MessageView(APIView):
    scopes: ClassVar = {"GET": ACT_AS, "PATCH": ACT_AS, "DELETE": ACT_AS | SEND | MANAGE}

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
        wanted = {"conversation_id": conversation_id, "message_id": message_id}
        if self.service is not None:
            version = await service_messages.delete_message(
                self.instance, service=self.service, **wanted
            )
        else:
            version = await messages.delete_message(self.instance, user_id=self.user_id, **wanted)
        return Response(status=204, headers={VERSION_HEADER: str(version)})


class VersionsView(APIView):
    scopes: ClassVar = {"GET": MANAGE}
    service_only = frozenset({"GET"})

    @described(operation_id="list_versions", responses={200: responses.Versions})
    async def get(self, request: Request, conversation_id: str, message_id: str) -> Response:
        """List the texts of a message, the oldest first; only for service accounts."""
        assert self.service is not None
        versions = await service_messages.list_versions(
            self.instance,
            service=self.service,
            conversation_id=conversation_id,
            message_id=message_id,
        )
        return Response(versions_data(versions))


class ChangesView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

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
