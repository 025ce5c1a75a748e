"""Logs: one structured line per event, as JSON or for people.

Every line names what happened (`action`), the instance, and whatever the request bound with
`structlog.contextvars`: request id, user id, conversation id. Message text and tokens never.
How many lines refused work may write is bounded by `config.log_limits`.
"""

import logging.config
import sys
from collections.abc import Sequence
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import EventDict, WrappedLogger

from config import env
from config.log_limits import add_suppressed

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def configure(options: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging to write the same lines.

    `options`: `format` (json or console), `level` (the least that is written). Called by Django
    with `LOGGING`. Raises ImproperlyConfigured.
    """
    _require("LOG_FORMAT", options["format"], ("json", "console"))
    _require("LOG_LEVEL", options["level"], _LEVELS)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_instance_id,
    ]
    if options["format"] == "json":
        renderers: list[structlog.typing.Processor] = [
            # Without the local variables: they hold texts and tokens.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.EventRenamer("action"),
            structlog.processors.JSONRenderer(),
        ]
    else:
        renderers = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        add_suppressed,
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *renderers,
                    ],
                }
            },
            "filters": {
                "limit": {"()": "config.log_limits.LineLimit"},
                "answered": {"()": "config.log_limits.AnsweredElsewhere"},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "structured",
                    "filters": [] if options["level"] == "DEBUG" else ["limit"],
                },
            },
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                "django": {"handlers": [], "propagate": True},
                # Refusals are answers, not warnings; faults are logged where they are caught.
                "django.request": {"level": "ERROR", "filters": ["answered"]},
                # Whoever scans the net names hosts at random, and is answered with 400.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                # An access line per request or frame belongs to the proxy in front.
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"level": "WARNING"},
                "uvicorn.error": {"level": "WARNING"},
                "daphne": {"level": "WARNING"},
                "django.channels.server": {"level": "WARNING"},
                # A traceback a second while Redis is away; the link says it once.
                "channels_redis.pubsub": {"level": "CRITICAL"},
            },
        }
    )


def _require(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        choices = ", ".join(known).lower()
        raise ImproperlyConfigured(f"{name} is {value.lower()!r}. Set it to one of: {choices}.")


def _add_instance_id(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event["instance_id"] = env.INSTANCE_ID
    return event
