"""The demo page: a small chat client, and the reference of how a browser uses the API."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from chat.authentication import issue_development_token

PEOPLE = [
    {"user_id": "alice", "name": "Alice"},
    {"user_id": "bob", "name": "Bob"},
    {"user_id": "carol", "name": "Carol"},
    {"user_id": "dave", "name": "Dave"},
]
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


@require_safe
@never_cache  # the page carries a token
@xframe_options_sameorigin
def demo(request: HttpRequest) -> HttpResponse:
    """The client as `?user=` sees it; without, two people side by side.

    Hands out tokens to whoever asks, so it is there with development tokens only.
    """
    if settings.CHAT_AUTH != "dev":
        raise Http404
    user_id = request.GET.get("user")
    if user_id is None:
        context: dict[str, object] = {"people": PEOPLE, "shown": PEOPLE[:2]}
    elif any(person["user_id"] == user_id for person in PEOPLE):
        token = issue_development_token(user_id)
        context = {"config": {"user_id": user_id, "token": token, "people": PEOPLE}}
    else:
        raise Http404
    response = render(request, "chat/demo.html", context)
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
