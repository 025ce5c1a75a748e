"""Attachments: announcing and completing uploads, and the files of a conversation."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads.attachments import (
    AnnounceAttachment,
    FilesQuery,
    announced_data,
    attachment_data,
    file_data,
)
from chat.rest import attachment_shapes as shapes
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.redis.rate_limits import Rate
from messaging.services.attachments import downloads, uploads


class AttachmentsView(APIView):
    scopes: ClassVar = {"POST": ACT_AS}

    def rate(self) -> Rate:
        return self.state.person_rates.attachments

    @described(
        operation_id="announce_attachment",
        request=AnnounceAttachment,
        responses={201: shapes.Announced},
    )
    async def post(self, request: Request) -> Response:
        """Announce a file, and get the signed URL to upload it to."""
        announced = await uploads.announce(
            self.instance, user_id=self.user_id, **self.body(AnnounceAttachment)
        )
        return Response(announced_data(announced, self.request.build_absolute_uri), status=201)


class CompletedAttachmentView(APIView):
    scopes: ClassVar = {"POST": ACT_AS}

    @described(
        operation_id="complete_attachment",
        request=None,
        responses={200: shapes.Completed},
    )
    async def post(self, request: Request, attachment_id: str) -> Response:
        """Check the uploaded file, so that it can be sent; idempotent."""
        attachment = await uploads.complete(
            self.instance, user_id=self.user_id, attachment_id=attachment_id
        )
        return Response({"attachment": attachment_data(attachment)})


class ConversationAttachmentsView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

    @described(
        operation_id="list_attachments",
        parameters=[FilesQuery],
        responses={200: shapes.FilePage},
    )
    async def get(self, request: Request, conversation_id: str) -> Response:
        """Get signed URLs of files by their ids, or of everything shared here, newest first."""
        query: dict[str, Any] = self.query(FilesQuery)
        absolute = self.request.build_absolute_uri
        ids = query.pop("ids", None)
        if ids is not None:
            files = await downloads.address_files(
                self.instance,
                user_id=self.user_id,
                conversation_id=conversation_id,
                attachment_ids=ids,
            )
            return Response(
                {"items": [file_data(one, absolute) for one in files], "next_cursor": None}
            )
        page = await downloads.list_files(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(
            {
                "items": [file_data(one, absolute) for one in page.files],
                "next_cursor": page.next_cursor,
            }
        )
