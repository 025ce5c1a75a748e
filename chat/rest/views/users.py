"""The names and pictures of people."""

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.views.base import APIView
from messaging.services import users
from messaging.services.users import ProfilePage
from messaging.wire.representations import profile_data


class UsersView(APIView):
    @described(
        operation_id="list_users",
        parameters=[serializers.UsersQuery],
        responses={200: responses.Users},
    )
    async def get(self, request: Request) -> Response:
        """Get the names and pictures of people with whom I share a conversation."""
        query = self.query(serializers.UsersQuery)
        if "user_ids" in query:
            found = await users.list_profiles(self.instance, user_id=self.user_id, **query)
            page = ProfilePage(items=found, next_cursor=None)
        else:
            page = await users.list_profiles_of_conversation(
                self.instance, user_id=self.user_id, **query
            )
        items = [profile_data(profile) for profile in page.items]
        return Response({"items": items, "next_cursor": page.next_cursor})
