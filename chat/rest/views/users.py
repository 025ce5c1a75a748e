"""The names and pictures of people."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.personal_data_shapes import AcceptedJob
from chat.rest.service_access import ACT_AS, EXPORT, MANAGE
from chat.rest.views.base import APIView
from messaging.domain.limits import get_limits
from messaging.services import users
from messaging.services.back_end import personal_data
from messaging.services.back_end import profiles as service_profiles
from messaging.services.users import ProfilePage
from messaging.wire.representations import profile_data


class UserView(APIView):
    scopes: ClassVar = {"PUT": MANAGE, "DELETE": EXPORT}
    service_only = frozenset({"PUT", "DELETE"})

    @described(
        operation_id="set_profile",
        request=serializers.UpdateProfile,
        responses={200: responses.User},
    )
    async def put(self, request: Request, user_id: str) -> Response:
        """Set a person's name and picture; only for service accounts."""
        assert self.service is not None
        profile = await service_profiles.set_profile(
            self.instance,
            service=self.service,
            person_id=user_id,
            changes=self.body(serializers.UpdateProfile),
        )
        return Response(profile_data(profile))

    @described(operation_id="erase_user", responses={202: AcceptedJob})
    async def delete(self, request: Request, user_id: str) -> Response:
        """Erase a person; only for service accounts."""
        assert self.service is not None
        job = await personal_data.erase_user(self.instance, service=self.service, person_id=user_id)
        return Response({"job_id": job.id}, status=202)


class UsersView(APIView):
    scopes: ClassVar = {"GET": ACT_AS}

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
            query.setdefault("limit", min(users.MAX_USERS, get_limits().page))
            page = await users.list_profiles_of_conversation(
                self.instance, user_id=self.user_id, **query
            )
        items = [profile_data(profile) for profile in page.items]
        return Response({"items": items, "next_cursor": page.next_cursor})
