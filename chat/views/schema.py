"""The OpenAPI document: rendered once in a process, in JSON or YAML."""

import asyncio
import hashlib
import threading
from functools import cache

from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from chat.errors import Problem, problem_response

_rendering = threading.Lock()


async def schema(request: HttpRequest) -> HttpResponse:
    """Return the document as `?format=json` or `yaml`, else by `Accept`, else as YAML.

    It changes with a release only, so a browser asks again by its `ETag`.
    """
    request_id = getattr(request, "request_id", "")
    if request.method not in {"GET", "HEAD"}:
        problem = Problem(code="method_not_allowed", detail="The schema can only be read: use GET.")
        response = problem_response(problem, request_id)
        response["Allow"] = "GET, HEAD"
        return response
    media_type = _media_type(request)
    if media_type is None:
        detail = "The schema is JSON or YAML: send Accept: application/json or application/yaml."
        return problem_response(Problem(code="not_acceptable", detail=detail), request_id)
    content, tag = await asyncio.to_thread(_document, media_type.endswith("json"))
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(content, content_type=media_type)
    response["ETag"] = tag
    response["Cache-Control"] = "no-cache"  # keep it, and ask by the tag
    response["Vary"] = "Accept"
    return response


_JSON = "application/vnd.oai.openapi+json"
_YAML = "application/vnd.oai.openapi"
_MEDIA_TYPES = (_YAML, _JSON, "application/yaml", "application/json")


def _media_type(request: HttpRequest) -> str | None:
    named = request.GET.get("format")
    if named is not None:
        return {"json": _JSON, "yaml": _YAML}.get(named)
    return request.get_preferred_type(_MEDIA_TYPES)


def _document(as_json: bool) -> tuple[bytes, str]:
    with _rendering:  # one thread renders, the others wait for it
        return _rendered(as_json)


@cache
def _rendered(as_json: bool) -> tuple[bytes, str]:
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    renderer = OpenApiJsonRenderer() if as_json else OpenApiYamlRenderer()
    content: bytes = renderer.render(document, renderer_context={})
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
