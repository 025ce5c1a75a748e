"""Development tokens over HTTP, so that a page on another port can sign in and refresh.

The path exists only with `CHAT_AUTH=dev`. Any client on this machine may get a token for any user.
Other machines may not, and neither may pages of other sites in a browser on this machine.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from chat.authentication import issue_development_token
from chat.origins import is_loopback_origin
from chat.payloads import serializers
from chat.rest import responses
from chat.rest.openapi.described import described
from chat.rest.views.base import APIView
from messaging.domain.exceptions import PermissionDenied
from messaging.wire.representations import timestamp

_DEFAULT_SECONDS = 3_600
"""The lifetime of a Firebase ID token:
https://firebase.google.com/docs/auth/admin/manage-sessions"""


class DevelopmentTokensView(APIView):
    public = True

    @described(
        operation_id="create_development_token",
        request=serializers.CreateDevelopmentToken,
        responses={201: responses.DevelopmentToken},
        auth=[],
    )
    async def post(self, request: Request) -> Response:
        """Issue a development token to a client on this machine."""
        _require_local(request)
        body = self.body(serializers.CreateDevelopmentToken)
        expires_at = datetime.now(UTC) + timedelta(seconds=body.get("expires_in", _DEFAULT_SECONDS))
        token = issue_development_token(
            body["user_id"],
            expires_at=expires_at,
            name=body.get("name"),
            picture=body.get("picture"),
        )
        return Response({"token": token, "expires_at": timestamp(expires_at)}, status=201)


def _require_local(request: Request) -> None:
    """Require a client on this machine. Raises PermissionDenied for other machines, and for pages
    of other sites."""
    try:
        local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        local = False
    origin = request.headers.get("Origin")
    if not local:
        raise PermissionDenied("Only clients on this machine get development tokens.")
    if not (origin is None or is_loopback_origin(origin) or origin in settings.ALLOWED_ORIGINS):
        raise PermissionDenied(
            "This origin gets no development tokens. Add it to ALLOWED_ORIGINS, or use a local one."
        )
