"""Turns the answers of views into HTTP."""

from collections.abc import Mapping

from django.http import HttpResponse
from rest_framework.response import Response

from chat.payloads.renderers import render_json


def http_response(response: Response) -> HttpResponse:
    """Render the response here. Django would render a template response in a thread."""
    headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
    if response.data is None:
        return without_content(response.status_code, headers)
    content = render_json(response.data)
    return HttpResponse(
        content,
        status=response.status_code,
        content_type="application/json",
        headers={**headers, "Content-Length": str(len(content))},
    )


def without_content(status: int, headers: Mapping[str, str]) -> HttpResponse:
    """Return a response with an empty body."""
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]  # Django's default for an empty response
    if status != 204:  # 204 has no length (RFC 9110 8.6)
        response["Content-Length"] = "0"
    return response
