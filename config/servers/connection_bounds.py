"""Bounds on a connection before the application sees a request: bytes, seconds, descriptors.

The same numbers hold on uvicorn (`config.servers.uvicorn`) and on daphne (`config.servers.daphne`).
"""

import json
import resource
import time
from collections.abc import Callable

import structlog

logger = structlog.get_logger(__name__)

HEAD_BYTES = 16 * 1024
"""Request line and headers together: Twisted's own limit, and twice the default of nginx."""
HEAD_SECONDS = 10.0
"""From the start of a connection, or the first byte of its next request, to the last byte of the
headers."""
HANDSHAKE_HEADERS = 100
HANDSHAKE_HEADER_BYTES = 8_176
"""Of the handshake of a WebSocket: the path, and each header. The library `websockets` stops at 128
headers and at lines of 8,192 bytes, and uvicorn then neither answers nor closes."""
MAX_BODY_BYTES = 1024 * 1024
"""On any path. The API's own limit is lower (`messaging.domain.limits`)."""
BODY_SECONDS = 15.0
BODY_BYTES_PER_SECOND = 4 * 1024
"""A body may take `BODY_SECONDS`, and as long again for each `BODY_SECONDS` in which it arrived at
this rate."""
LINGER_SECONDS = 1.0
"""How long a client has to read a refusal."""
LINGER_BYTES = 4 * MAX_BODY_BYTES
"""The bytes that are read and dropped meanwhile, for clients that read only after they have sent
everything."""
UNREAD_SECONDS = 5.0
"""How long the rest of a body is read and dropped after its request was answered."""
LAST_REQUEST_SECONDS = 2.0
"""How long a stopping server keeps idle connections. A proxy that closes them earlier by itself
loses no request, even if it is a second late."""

_RESERVED = 128
"""The descriptors reserved for everything except clients: databases, Redis, queues, log files."""
_FOR_PROBES = 16
"""The connections above the limit that are open at once."""
PROBES = "/health/"
"""The prefix of the paths of probes."""
_REPORT_SECONDS = 10.0
_LOW_LIMIT = 4096

_max_connections = 0
_reported_at = -_REPORT_SECONDS


def refusal(status: int, title: str, code: str, detail: str, *headers: str) -> bytes:
    """Return a complete HTTP response in the shape of the API's errors. It ends its connection."""
    document = {
        "type": f"urn:chat:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "",
    }
    body = json.dumps(document)
    head = [
        f"HTTP/1.1 {status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*head, "", body]).encode()


HEAD_TOO_LARGE = refusal(
    431,
    "Request Header Fields Too Large",
    "payload_too_large",
    "The request line and headers have at most 16 KiB together.",
)
HANDSHAKE_TOO_LARGE = refusal(
    431,
    "Request Header Fields Too Large",
    "payload_too_large",
    "The handshake of a WebSocket has at most 100 headers of at most 8,176 bytes each.",
)
BODY_TOO_LARGE = refusal(
    413, "Payload too large", "payload_too_large", "A request body has at most 1 MiB."
)
TOO_SLOW = refusal(
    408, "Request Timeout", "timed_out", "The request did not arrive in time. Send it again."
)
TOO_MANY = refusal(
    503,
    "Service Unavailable",
    "overloaded",
    "This instance has too many connections. Retry after 2 seconds.",
    "Retry-After: 2",
)


class Reserve:
    """The connections above the limit, accepted so that probes are answered. A further one ends the
    oldest, so idle connections cannot block a probe."""

    def __init__(self) -> None:
        self._ends: dict[object, Callable[[], None]] = {}

    def enter(self, connection: object, end: Callable[[], None]) -> None:
        """Add a connection. `end` aborts it; it then leaves."""
        self._ends[connection] = end
        if len(self._ends) > _FOR_PROBES:
            self._ends.pop(next(iter(self._ends)))()

    def leave(self, connection: object) -> None:
        self._ends.pop(connection, None)


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open files to the hard limit, and warn if that is low.

    Each socket uses one descriptor. Linux starts processes with a soft limit of 1,024.
    """
    global _max_connections  # noqa: PLW0603 - the limit is the process's, too
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _max_connections = 1_000_000 if hard == resource.RLIM_INFINITY else max(hard - _RESERVED, 8)
    if hard != resource.RLIM_INFINITY and hard < _LOW_LIMIT:
        logger.warning(
            "server.few_descriptors",
            limit=hard,
            max_connections=_max_connections,
            hint="Raise the hard limit of open files (ulimit -Hn, LimitNOFILE=).",
        )


def max_connections() -> int:
    """Return the number of connections that this process accepts. One more would leave too few
    descriptors."""
    if not _max_connections:
        raise_descriptor_limit()
    return _max_connections


def report_exhausted(connections: int) -> None:
    """Log that connections are refused, at most once in ten seconds."""
    global _reported_at  # noqa: PLW0603 - so is the log
    now = time.monotonic()
    if now - _reported_at >= _REPORT_SECONDS:
        _reported_at = now
        logger.error(
            "server.too_many_connections",
            connections=connections,
            hint="Raise the limit of open files (ulimit -n), or add instances.",
        )
