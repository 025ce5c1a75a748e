"""Publishes documents and pages that change only with a release. Each is rendered once per process.

The thread that renders imports drf-spectacular. Most processes never show a document.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

from chat.errors import Problem, problem_response

_rendering = threading.Lock()


class MediaTypes(NamedTuple):
    """The media types of a document that is available in both formats."""

    yaml: str
    json: str

    def preferred(self, request: HttpRequest) -> str | None:
        """Return that of `?format=json` or `yaml`, else of `Accept`, else YAML. None: the request
        accepts neither."""
        named = request.GET.get("format")
        if named is not None:
            return {"json": self.json, "yaml": self.yaml}.get(named)
        return request.get_preferred_type([*self, "application/yaml", "application/json"])


class Content(NamedTuple):
    """Rendered bytes and their `ETag`."""

    body: bytes
    tag: str


def tagged(body: bytes) -> Content:
    """Return the bytes with a tag that only the same bytes have."""
    return Content(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def rendered(document: Mapping[str, Any], *, as_json: bool) -> Content:
    """Return an OpenAPI or AsyncAPI document as JSON or YAML."""
    from drf_spectacular.renderers import (  # noqa: PLC0415
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
    )

    renderer = OpenApiJsonRenderer() if as_json else OpenApiYamlRenderer()
    return tagged(renderer.render(document, renderer_context={}))


async def publish(
    request: HttpRequest,
    media_type: str | None,
    render: Callable[[], Content],
    *,
    not_acceptable: str,
) -> HttpResponse:
    """Answer with what `render` returns. `media_type` is None if the request accepts none of the
    available ones. Browsers revalidate the content by its tag."""
    request_id = getattr(request, "request_id", "")
    if request.method not in {"GET", "HEAD"}:
        detail = "This page is read-only. Use GET."
        response = problem_response(Problem(code="method_not_allowed", detail=detail), request_id)
        response["Allow"] = "GET, HEAD"
        return response
    if media_type is None:
        return problem_response(Problem(code="not_acceptable", detail=not_acceptable), request_id)
    content = await asyncio.to_thread(_once, render)
    if content.tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(content.body, content_type=media_type)
    response["ETag"] = content.tag
    response["Cache-Control"] = "no-cache"  # cache it, and revalidate by the tag
    response["Vary"] = "Accept"
    return response


def _once(render: Callable[[], Content]) -> Content:
    with _rendering:  # one thread renders, others wait for it
        return render()
