"""The OpenAPI document, and the page that shows it."""

from functools import cache

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from chat.pages.published import Content, MediaTypes, publish, rendered, tagged

_MEDIA_TYPES = MediaTypes("application/vnd.oai.openapi", "application/vnd.oai.openapi+json")
_HTML, _SCRIPT = "text/html; charset=utf-8", "application/javascript"


async def schema(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document as `?format=json` or `yaml`, else by `Accept`, else as YAML."""
    media_type = _MEDIA_TYPES.preferred(request)
    detail = "The schema is JSON or YAML. Send Accept: application/json or application/yaml."
    as_json = str(media_type).endswith("json")
    return await publish(request, media_type, lambda: _document(as_json), not_acceptable=detail)


async def page(request: HttpRequest) -> HttpResponse:
    """Return the page that shows the OpenAPI document or, with `?script=`, its script."""
    script = "script" in request.GET
    media_type: str | None = _SCRIPT if script else _HTML
    if not request.accepts(str(media_type).partition(";")[0]):
        media_type = None
    detail = "This page is HTML. Send Accept: text/html."
    return await publish(request, media_type, lambda: _page(script), not_acceptable=detail)


@cache
def _document(as_json: bool) -> Content:
    from chat.rest.openapi.generator import Generator  # noqa: PLC0415

    document = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return rendered(document, as_json=as_json)


@cache
def _page(script: bool) -> Content:
    from drf_spectacular.views import SpectacularSwaggerSplitView  # noqa: PLC0415

    request = HttpRequest()
    request.method, request.path = "GET", reverse("docs")
    request.META = {"HTTP_ACCEPT": "*/*", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.META["QUERY_STRING"] = "script=" if script else ""
    request.GET = QueryDict(request.META["QUERY_STRING"])
    show = SpectacularSwaggerSplitView.as_view(url_name="schema")
    return tagged(show(request).render().content)
