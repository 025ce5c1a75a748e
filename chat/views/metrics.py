"""Metrics of this process, for Prometheus."""

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


async def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in `messaging.metrics`, in Prometheus' text format. Figures only, but not for
    everybody: a proxy should keep this path to itself."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
