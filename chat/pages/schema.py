"""The OpenAPI document in JSON and YAML, and its page. Each is rendered once per process.

The thread that renders imports drf-spectacular. Most processes never show the document.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from chat.errors import Problem, problem_response

_rendering = threading.Lock()
_JSON = "application/vnd.oai.openapi+json"
_YAML = "application/vnd.oai.openapi"
_MEDIA_TYPES = (_YAML, _JSON, "application/yaml", "application/json")
_HTML, _SCRIPT = "text/html; charset=utf-8", "application/javascript"


async def schema(request: HttpRequest) -> HttpResponse:
    """Return the document as `?format=json` or `yaml`, else by `Accept`, else as YAML.

    It changes only with a release, so browsers revalidate it by its `ETag`.
    """
    media_type = _media_type(request)
    detail = "The schema is JSON or YAML. Send Accept: application/json or application/yaml."
    as_json = media_type is not None and media_type.endswith("json")
    return await _publish(request, media_type, lambda: _document(as_json), not_acceptable=detail)


async def page(request: HttpRequest) -> HttpResponse:
    """Return the page that shows the document or, with `?script=`, the script of the page."""
    script = "script" in request.GET
    media_type: str | None = _SCRIPT if script else _HTML
    if not request.accepts(str(media_type).partition(";")[0]):
        media_type = None
    detail = "This page is HTML. Send Accept: text/html."
    return await _publish(request, media_type, lambda: _page(script), not_acceptable=detail)


async def _publish(
    request: HttpRequest,
    media_type: str | None,
    render: Callable[[], tuple[bytes, str]],
    *,
    not_acceptable: str,
) -> HttpResponse:
    """Answer with the content and tag that `render` returns. `media_type` is None if the request
    accepts none of the available ones."""
    request_id = getattr(request, "request_id", "")
    if request.method not in {"GET", "HEAD"}:
        detail = "This page is read-only. Use GET."
        response = problem_response(Problem(code="method_not_allowed", detail=detail), request_id)
        response["Allow"] = "GET, HEAD"
        return response
    if media_type is None:
        return problem_response(Problem(code="not_acceptable", detail=not_acceptable), request_id)
    content, tag = await asyncio.to_thread(_once, render)
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(content, content_type=media_type)
    response["ETag"] = tag
    response["Cache-Control"] = "no-cache"  # cache it, and revalidate by the tag
    response["Vary"] = "Accept"
    return response


def _media_type(request: HttpRequest) -> str | None:
    named = request.GET.get("format")
    if named is not None:
        return {"json": _JSON, "yaml": _YAML}.get(named)
    return request.get_preferred_type(_MEDIA_TYPES)


def _once(render: Callable[[], tuple[bytes, str]]) -> tuple[bytes, str]:
    with _rendering:  # one thread renders, others wait for it
        return render()


@cache
def _document(as_json: bool) -> tuple[bytes, str]:
    from drf_spectacular.renderers import (  # noqa: PLC0415
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
    )

    from chat.rest.openapi.generator import Generator  # noqa: PLC0415

    document = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    renderer = OpenApiJsonRenderer() if as_json else OpenApiYamlRenderer()
    content: bytes = renderer.render(document, renderer_context={})
    return content, _tag(content)


@cache
def _page(script: bool) -> tuple[bytes, str]:
    from drf_spectacular.views import SpectacularSwaggerSplitView  # noqa: PLC0415

    request = HttpRequest()
    request.method, request.path = "GET", reverse("docs")
    request.META = {"HTTP_ACCEPT": "*/*", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.META["QUERY_STRING"] = "script=" if script else ""
    request.GET = QueryDict(request.META["QUERY_STRING"])
    show = SpectacularSwaggerSplitView.as_view(url_name="schema")
    content: bytes = show(request).render().content
    return content, _tag(content)


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
