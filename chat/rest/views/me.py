"""The caller: identity, profile, settings, sign-ins."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.service_access import NOTHING
from chat.rest.views.base import APIView
from messaging.domain.limits import get_limits
from messaging.domain.people import AddedBy
from messaging.services import sessions
from messaging.services.account import own_conversations, preferences, profiles
from messaging.wire.representations import profile_data, settings_data


class MeView(APIView):
    scopes: ClassVar = {"GET": NOTHING, "PATCH": NOTHING}

    @described(operation_id="get_me", responses={200: responses.Me})
    async def get(self, request: Request) -> Response:
        """Get my user id, my profile, my limits, and the unread total."""
        return Response(await self._me())

    @described(
        operation_id="update_me",
        request=serializers.UpdateProfile,
        responses={200: responses.Me},
    )
    async def patch(self, request: Request) -> Response:
        """Change my name and picture; absent fields stay unchanged."""
        changes = self.body(serializers.UpdateProfile)
        await profiles.set_profile(self.instance, user_id=self.user_id, changes=changes)
        return Response(await self._me())

    async def _me(self) -> dict[str, Any]:
        profile = await profiles.get_profile(self.instance, user_id=self.user_id)
        return {
            **profile_data(profile),
            "limits": get_limits().as_dict(),
            "unread_total": await own_conversations.count_unread(
                self.instance, user_id=self.user_id
            ),
        }


class SessionsView(APIView):
    scopes: ClassVar = {"DELETE": NOTHING}

    @described(operation_id="log_out_everywhere", responses={204: None})
    async def delete(self, request: Request) -> Response:
        """Log me out everywhere at once, including this token."""
        await sessions.log_out_everywhere(
            self.instance, user_id=self.user_id, signed_in_at=self.signed_in_at
        )
        return Response(status=204)


class PreferencesView(APIView):
    scopes: ClassVar = {"GET": NOTHING, "PATCH": NOTHING}

    @described(operation_id="get_preferences", responses={200: responses.Settings})
    async def get(self, request: Request) -> Response:
        """Get my settings for all conversations."""
        settings = await preferences.get_settings(self.instance, user_id=self.user_id)
        return Response(settings_data(settings))

    @described(
        operation_id="update_preferences",
        request=serializers.UpdateSettings,
        responses={200: responses.Settings},
    )
    async def patch(self, request: Request) -> Response:
        """Change my settings for all conversations; absent fields stay unchanged."""
        changes = self.body(serializers.UpdateSettings)
        if "added_by" in changes:
            changes["added_by"] = AddedBy(changes["added_by"])
        settings = await preferences.set_settings(
            self.instance, user_id=self.user_id, changes=changes
        )
        return Response(settings_data(settings))
