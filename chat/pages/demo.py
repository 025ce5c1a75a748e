"""The demo page: a small chat client that shows how a browser uses the API."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from chat.authentication import issue_development_token
from chat.payloads.answers import delivery_data
from chat.rest.openapi.described import described
from chat.rest.views.base import APIView
from messaging.services import deliveries
from messaging.wire.representations import timestamp

PEOPLE = [
    {"user_id": "alice", "name": "Alice"},
    {"user_id": "bob", "name": "Bob"},
    {"user_id": "carol", "name": "Carol"},
    {"user_id": "dave", "name": "Dave"},
]
_NAMES = {person["user_id"]: person["name"] for person in PEOPLE}
_POLICY = (
    "default-src 'self'; script-src 'self'{sdk}; connect-src 'self' ws: wss:{files}{firebase}; "
    "img-src 'self' blob:{files}; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_ANY_HOST = " https: http:"
_FIREBASE_SDK = " https://www.gstatic.com/firebasejs/"
_FIREBASE = " https://firebaseinstallations.googleapis.com https://fcmregistrations.googleapis.com"


@require_safe
@never_cache  # the page contains a token
@xframe_options_sameorigin
def demo(request: HttpRequest) -> HttpResponse:
    """Show the client of `?user=`, or two people side by side without it.

    The page gives tokens to anyone, so it exists only with development tokens.
    """
    if settings.CHAT_AUTH != "dev":
        raise Http404
    user_id = request.GET.get("user")
    if user_id is None:
        context: dict[str, object] = {"people": PEOPLE, "shown": PEOPLE[:2]}
    elif (name := _NAMES.get(user_id)) is not None:
        token = issue_development_token(user_id, name=name)
        context = {
            "config": {
                "user_id": user_id,
                "token": token,
                "people": PEOPLE,
                "phone": has_phones(),
                "worker_url": static("chat/demo/worker.js"),
                "firebase": settings.CHAT_DEMO_FIREBASE or None,
            }
        }
    else:
        raise Http404
    response = render(request, "chat/demo.html", context)
    response["Content-Security-Policy"] = content_security_policy()
    return response


def content_security_policy() -> str:
    """Return the policy of the page. Files in a bucket come from another host, which only the
    client of the bucket knows. Firebase's SDK comes from Google."""
    has_firebase = bool(settings.CHAT_DEMO_FIREBASE)
    return _POLICY.format(
        files="" if settings.CHAT_FILES == "local" else _ANY_HOST,
        sdk=_FIREBASE_SDK if has_firebase else "",
        firebase=_FIREBASE if has_firebase else "",
    )


class DemoNotificationsView(APIView):
    """Shows the notifications of the caller's phone. It is not part of the API."""

    @described(exclude=True)
    async def get(self, request: Request) -> Response:
        inbox = self.instance.notifications.inbox
        if inbox is None or not has_phones():
            raise Http404
        items = [
            {
                "tag": shown.tag,
                "title": shown.title,
                "body": shown.body,
                "sender_id": shown.sender_id,
                "message_id": shown.message_id,
                "seq": shown.seq,
                "at": timestamp(shown.at),
            }
            for shown in inbox.shown(self.user_id)
        ]
        return Response({"items": items})


class DemoPushView(APIView):
    """Shows why the caller's phone rang for a message, or not. It is not part of the API."""

    @described(exclude=True)
    async def get(self, request: Request, conversation_id: str, message_id: str) -> Response:
        if not has_phones():
            raise Http404
        delivery = await deliveries.get_own_delivery(
            self.instance,
            user_id=self.user_id,
            conversation_id=conversation_id,
            message_id=message_id,
        )
        if delivery is None:
            raise Http404
        return Response({"push": delivery_data(delivery)["push"]})


def has_phones() -> bool:
    """Return whether this process keeps all pushes in memory. With a worker or a second instance,
    another process may have sent them."""
    alone = settings.REDIS is None and not settings.NOTIFICATION_QUEUE_URL
    return alone and settings.PUSH_BACKEND == "log" and settings.CHAT_AUTH == "dev"
