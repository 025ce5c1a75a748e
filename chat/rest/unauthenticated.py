"""Answers API requests without a valid token in front of Django.

The answer is the one that the view would give. Django would first give the request a thread and its
middleware, so a stranger's refusals would cost several times as much.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from django.urls import Resolver404, ResolverMatch, resolve

from chat.exceptions import NotAuthenticated
from chat.limits.limited import SHOWN, answer
from chat.request_ids import request_id_of
from chat.rest.accounting import account
from chat.rest.views.base import APIView

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_API = "/api/"


async def refuse(scope: Scope, send: Send) -> bool:
    """Answer 401 and return True, if the API needs a token for this request and it has no valid
    one. Otherwise return False: Django has to answer."""
    begun = time.monotonic()
    refused = _refusal(scope)
    if refused is None:
        return False
    match = _match(scope["path"])
    view = getattr(match and match.func, "view_class", None)
    if match is None or view is None or not issubclass(view, APIView) or view.public:
        return False
    request_id = request_id_of(scope)
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        status = await answer(scope, send, refused, request_id=request_id)
        seconds = time.monotonic() - begun
        account(scope["method"], match.route, status, seconds, allowed=view().allowed_methods)
    return True


def _refusal(scope: Scope) -> NotAuthenticated | None:
    """Return why this request is not authenticated. None leaves it to the view."""
    path, method = scope["path"], scope["method"]
    if not path.startswith(_API) or scope.get("root_path") or method == "OPTIONS":
        return None  # Django answers preflights, and knows the paths below a root path
    if not scope.get("query_string", b"").isascii():
        return None  # a malformed request
    shown = scope.get(SHOWN)
    if isinstance(shown, NotAuthenticated):
        return shown
    if shown is None and not any(name == b"authorization" for name, _ in scope["headers"]):
        return NotAuthenticated()
    return None


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None
