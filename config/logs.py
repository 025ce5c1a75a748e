"""Logs: one structured line per event, as JSON or for people.

Every line has the event (`action`), the instance, and the values that the request has bound with
`structlog.contextvars`: request id, user id, conversation id. It never has message text or tokens.
`config.log_limits` bounds the lines of refused work.

As JSON, the lines of completed work are written past the standard library's logging, which takes
longer than the line itself. The others go through it, so that its filters and handlers apply.
"""

import json
import logging.config
import sys
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import EventDict, WrappedLogger

from config import env
from config.log_limits import add_suppressed
from messaging.instruments.origin import current_origin

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def configure(options: dict[str, Any]) -> None:
    """Configure structlog and the standard library's logging to write the same lines.

    `options` are `format` (json or console) and `level` (the lowest level that is written). Django
    calls this with `LOGGING`. Raises ImproperlyConfigured.
    """
    _require("LOG_FORMAT", options["format"], ("json", "console"))
    _require("LOG_LEVEL", options["level"], _LEVELS)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_instance_id,
        *([_add_trace_id] if env.CHAT_TRACES == "otlp" else []),
    ]
    if options["format"] == "json":
        renderers: list[structlog.typing.Processor] = [
            # Leave out the local variables: they contain texts and tokens.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.EventRenamer("action"),
            structlog.processors.JSONRenderer(serializer=_encode),
        ]
    else:
        renderers = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    # A logger keeps the list that it finds at its first line: a new one would not reach it.
    processors = structlog.get_config()["processors"]
    processors[:] = [
        *shared,
        *([_write_completed_work] if options["format"] == "json" else []),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ]
    structlog.configure(
        processors=processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(options["level"]),
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
                # Refusals are answers, not warnings. Faults are logged where they are caught.
                "django.request": {"level": "ERROR", "filters": ["answered"]},
                # Scanners send random host names, and get 400.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                # The proxy in front writes the access log.
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"level": "WARNING"},
                "uvicorn.error": {"level": "WARNING"},
                "daphne": {"level": "WARNING"},
                "django.channels.server": {"level": "WARNING"},
                # It would log a traceback a second while Redis is down; the link logs the outage
                # once.
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


def _add_trace_id(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Add the trace of the line, by which the tools of OpenTelemetry find its spans."""
    origin = current_origin()
    if origin is not None and origin.trace:
        event["trace_id"] = origin.trace.split("-")[1]
    return event


def _write_completed_work(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Write a line that nothing limits, and drop it from the chain; pass on any other line."""
    if name != "info" or event.get("refused") or event.get("exc_info"):
        return event
    if logging.root.isEnabledFor(logging.INFO):
        line = {**event, "action": event["event"]}
        del line["event"]
        line.pop("refused", None)
        try:
            sys.stderr.write(f"{_encode(line)}\n")
        except Exception:  # noqa: BLE001 - a line must not fail the work that it reports
            return event  # the standard library's handler survives such errors
    raise structlog.DropEvent


def _encode(event: EventDict, default: Callable[[Any], Any] = repr, **options: Any) -> str:
    """Return the line as JSON. orjson does not encode every value."""
    try:
        return orjson.dumps(event, default=default).decode()
    except TypeError:
        return json.dumps(event, default=default)
