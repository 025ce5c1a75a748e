"""The search for messages."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads.search import SearchQuery, found_data
from chat.rest import search_shapes as shapes
from chat.rest.openapi.described import described
from chat.rest.service_access import ACT_AS
from chat.rest.views.base import APIView
from messaging.redis.rate_limits import Rate
from messaging.services.search import searches

BEHIND_HEADER = "X-Search-Behind"
_BEHIND_SECONDS = 2.0
"""An edit shows within this time. Only a longer delay is worth telling."""


class SearchView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

    def rate(self) -> Rate:
        return self.state.person_rates.searches

    @described(
        operation_id="search_messages",
        parameters=[
            SearchQuery,
            OpenApiParameter(
                BEHIND_HEADER,
                {"type": "integer", "minimum": 1, "example": 12},
                OpenApiParameter.HEADER,
                response=[200],
                description="How many seconds the index is behind; absent if it is not.",
            ),
        ],
        responses={200: shapes.SearchPage},
    )
    async def get(self, request: Request) -> Response:
        """Find messages by their words, in my conversations, newest first."""
        query = {"conversation_id": None, **self.query(SearchQuery)}
        page = await searches.search_messages(self.instance, user_id=self.user_id, **query)
        headers = {}
        if page.behind > _BEHIND_SECONDS:
            headers[BEHIND_HEADER] = str(round(page.behind))
        return Response(
            {
                "items": [found_data(found) for found in page.items],
                "next_cursor": page.next_cursor,
            },
            headers=headers,
        )
