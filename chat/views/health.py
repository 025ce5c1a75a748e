"""Health, for load balancers: is the process alive, and can it serve?"""

import asyncio

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chat.views.base import APIView
from messaging.exceptions import MessagingError
from messaging.instance import get_instance

_PROBE_SECONDS = 2.0


@extend_schema(exclude=True)
class LiveView(APIView):
    public = True

    async def get(self, request: Request) -> Response:
        """200 while the event loop turns."""
        return Response({"status": "ok"})


@extend_schema(exclude=True)
class ReadyView(APIView):
    public = True

    async def get(self, request: Request) -> Response:
        """200 while requests can be served. Without Redis an instance is degraded, not down; one
        that is draining serves what still comes, and asks for no more."""
        instance = get_instance()
        checks = {"store": await _store_status(), "redis": "unused"}
        if instance.link is not None:
            checks["redis"] = "degraded" if instance.degraded else "ok"
        status = "ok" if checks["store"] == "ok" else "unavailable"
        if instance.draining:
            status = "draining"
        document = {"status": status, "instance_id": instance.id, "checks": checks}
        return Response(document, status=200 if status == "ok" else 503)


async def _store_status() -> str:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await get_instance().store.now()
    except (MessagingError, TimeoutError):
        return "unavailable"
    return "ok"
