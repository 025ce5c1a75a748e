"""Serves the AsyncAPI document."""

from functools import cache

from django.http import HttpRequest, HttpResponse

from chat.pages.published import Content, MediaTypes, publish, rendered

_MEDIA_TYPES = MediaTypes(
    yaml="application/vnd.aai.asyncapi+yaml", json="application/vnd.aai.asyncapi+json"
)


async def asyncapi(request: HttpRequest) -> HttpResponse:
    """Return the document as `?format=json` or `yaml`, else by `Accept`, else as YAML."""
    media_type = _MEDIA_TYPES.preferred(request)
    detail = "The document is JSON or YAML. Send Accept: application/json or application/yaml."
    as_json = str(media_type).endswith("json")
    return await publish(request, media_type, lambda: _document(as_json), not_acceptable=detail)


@cache
def _document(as_json: bool) -> Content:
    from chat.asyncapi.document import make  # noqa: PLC0415

    return rendered(make(), as_json=as_json)
