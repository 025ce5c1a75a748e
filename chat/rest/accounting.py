"""Counts and logs each handled API request."""

import logging
from collections.abc import Collection

import structlog

from messaging.instruments import tracing
from messaging.instruments.metrics import HTTP_REQUEST_SECONDS

logger = structlog.get_logger(__name__)


def account(
    method: str | None,
    route: str,
    status: int,
    seconds: float,
    *,
    allowed: Collection[str],
    quiet: bool = False,
) -> None:
    """Count a request by its route. Paths and methods can be anything, so they are no labels:
    `allowed` are the methods of the view. A `quiet` request is logged at the level DEBUG."""
    label = method if method in allowed else "other"
    if tracing.tracer is not None:
        tracing.tracer.annotate(
            f"{label} /{route}", http__request__method=str(label), http__route=route
        )
    HTTP_REQUEST_SECONDS.labels(label, route, status).observe(seconds)
    refused = {"refused": True} if status >= 400 else {}
    level = logging.DEBUG if quiet or status == 429 else logging.INFO
    logger.log(level, "request.handled", method=method, route=route, status=status, **refused)
