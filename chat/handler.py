"""Django's ASGI handler, whose own refusals have the shape of all others."""

import codecs
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpResponseBase

from chat.middleware import API_PATHS
from chat.views.failures import unreadable


class Handler(ASGIHandler):
    """Answers a request that Django cannot read as `chat.views.failures` does.

    No middleware has seen such a request: a query string of bytes that are not UTF-8, for example.
    Nor does it read a form in another encoding: some can bring characters that no text has.
    """

    def create_request(
        self, scope: Mapping[str, Any], body_file: Any
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        request, refusal = super().create_request(scope, body_file)
        if refusal is not None:
            return None, unreadable(scope["path"], refusal.status_code, secrets.token_hex(8))
        assert request is not None
        encoding = request.encoding and codecs.lookup(request.encoding).name
        if encoding not in {None, "utf-8"} and not scope["path"].startswith(API_PATHS):
            return None, unreadable(scope["path"], 400, secrets.token_hex(8))
        return request, None
