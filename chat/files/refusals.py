"""Refuses signed URLs of local files that are forged, have expired, or allow another method.

Valid ones never reach Django (`chat.files.application`).
"""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.rest.openapi.described import described
from chat.rest.views.base import APIView
from messaging.domain.exceptions import PermissionDenied


@described(exclude=True)
class LocalFileView(APIView):
    public = True

    async def get(self, request: Request, key: str) -> Response:
        raise PermissionDenied("This signed URL is not valid, or has expired. Request a new one.")

    async def head(self, request: Request, key: str) -> Response:
        return await self.get(request, key)

    async def put(self, request: Request, key: str) -> Response:
        return await self.get(request, key)
