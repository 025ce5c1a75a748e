"""The metrics of this process, for Prometheus."""

from django.http import HttpRequest, HttpResponse

from messaging.instruments.metrics_page import CONTENT_TYPE, latest_metrics


async def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics in Prometheus' text format. They contain only figures, but a proxy should
    hide this path."""
    return HttpResponse(await latest_metrics(), content_type=CONTENT_TYPE)
