"""Metrics of this process, for Prometheus."""

from django.http import HttpRequest, HttpResponse

from messaging.instruments.metrics_page import CONTENT_TYPE, latest_metrics


async def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in `messaging.instruments.metrics`, in Prometheus' text format. Figures only, but
    not for everybody: a proxy should keep this path to itself."""
    return HttpResponse(await latest_metrics(), content_type=CONTENT_TYPE)
