"""Read receipts."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.payloads.answers import receipt_data, unread_mark_data
from chat.payloads.decoding import DocumentDecoder
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.services import receipts, unread_marks
from messaging.wire.representations import read_position_data

_READ = DocumentDecoder(serializers.MarkRead)


class ReadView(APIView):
    scopes: ClassVar = {"POST": ACT_AS}

    @described(
        operation_id="mark_read",
        request=serializers.MarkRead,
        responses={200: responses.ReadReceipt},
    )
    async def post(self, request: Request, conversation_id: str) -> Response:
        """Mark everything up to a seq as read; the position only moves forward."""
        body = self.body(serializers.MarkRead, _READ)
        receipt = await receipts.mark_read(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            by_service=self.on_behalf,
            **body,
        )
        return Response(receipt_data(receipt))


class UnreadView(APIView):
    scopes: ClassVar = {"PUT": ACT_AS, "DELETE": ACT_AS}

    @described(
        operation_id="mark_unread",
        request=serializers.MarkUnread,
        responses={200: responses.UnreadMark},
    )
    async def put(self, request: Request, conversation_id: str) -> Response:
        """Mark a message as unread for me alone; my read position stays."""
        body = self.body(serializers.MarkUnread)
        mark = await unread_marks.set_mark(
            self.instance, user_id=self.user_id, conversation_id=conversation_id, seq=body["seq"]
        )
        return Response(unread_mark_data(mark))

    @described(operation_id="unmark_unread", responses={204: None})
    async def delete(self, request: Request, conversation_id: str) -> Response:
        """Remove my unread mark."""
        await unread_marks.clear_mark(
            self.instance, user_id=self.user_id, conversation_id=conversation_id
        )
        return Response(status=204)


class ReceiptsView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

    @described(operation_id="list_receipts", responses={200: responses.Receipts})
    async def get(self, request: Request, conversation_id: str) -> Response:
        """Get how far every participant has read and received."""
        positions = await receipts.list_receipts(
            self.instance, user_id=self.user_id, conversation_id=conversation_id
        )
        return Response({"items": [read_position_data(position) for position in positions]})
