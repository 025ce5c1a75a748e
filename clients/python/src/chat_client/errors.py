"""Errors, in one shape for REST (problem+json) and the socket (error replies).

There is one type for each kind. `code` says exactly what is wrong: the server's documentation lists
all codes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_RETRYABLE = {0, 429, 500, 502, 503, 504}
_A_MOMENT = 60.0
"""In seconds."""


class ChatError(Exception):
    """A request, a command or the connection failed."""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str,
        status: int = 0,
        retry_after: float | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        """The stable code, for programs."""
        self.detail = detail
        """What is wrong, for people."""
        self.status = status
        """The HTTP status; 0 if the error is not from the server."""
        self.retry_after = retry_after
        """In seconds."""
        self.errors = errors
        """What is wrong with each field: `field`, `code`, `detail`."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.as_json())

    def as_json(self) -> dict[str, Any]:
        return {
            "detail": self.detail,
            "code": self.code,
            "status": self.status,
            "retry_after": self.retry_after,
            "errors": [dict(one) for one in self.errors],
        }


class Unreachable(ChatError):
    """No answer arrived. The server may have carried out the request."""

    def __init__(self, detail: str = "", *, code: str = "unreachable", **fields: Any) -> None:
        super().__init__(detail, code=code, **fields)

    @property
    def is_retryable(self) -> bool:
        return True


class SessionEnded(ChatError):
    """The connection is over, and the client does not reconnect by itself.

    `close_code` is the server's close code; None after `aclose`.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "session_ended",
        close_code: int | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(detail, code=code, **fields)
        self.close_code = close_code


class EventsLost(ChatError):
    """Events came faster than they were read: this iterator has ended."""


class OutboxFull(ChatError):
    """Too many messages wait to be sent."""


class OutboxUnusable(ChatError):
    """The file of the outbox cannot be used: another process has it, or the disk refuses it."""


class Discarded(ChatError):
    """The message was discarded before the server had it."""


class Refused(ChatError):
    """The server refused the request for good."""


class InvalidRequest(Refused):
    """400: `errors` names the wrong fields."""


class NotAuthenticated(Refused):
    """401: the token is missing, not valid, expired or revoked."""


class PermissionDenied(Refused):
    """403: the person may not do this."""


class NotFound(Refused):
    """404: there is no such object, or the person may not know of it."""


class Conflict(Refused):
    """409: the request contradicts the present state."""


class TooLarge(Refused):
    """413: the message or the file is too large."""


class RateLimited(ChatError):
    """429: wait for `retry_after` seconds. The quota of a day refuses for many minutes."""

    @property
    def is_retryable(self) -> bool:
        return (self.retry_after or 0) <= _A_MOMENT


class Unavailable(ChatError):
    """5xx: the server cannot answer now."""

    @property
    def is_retryable(self) -> bool:
        return self.status in _RETRYABLE


_BY_STATUS: Mapping[int, type[ChatError]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: RateLimited,
}


def error_of(problem: Mapping[str, Any]) -> ChatError:
    """Return the error for a problem of REST, or for an error reply of the socket."""
    status = problem.get("status") or 0
    kind = Unreachable if status == 0 else Unavailable if status >= 500 else Refused
    return _BY_STATUS.get(status, kind)(
        str(problem.get("detail") or ""),
        code=str(problem.get("code") or "unreadable"),
        status=status,
        retry_after=problem.get("retry_after"),
        errors=problem.get("errors") or (),
    )


def _rebuilt(kind: type[ChatError], fields: Mapping[str, Any]) -> ChatError:
    return kind(**fields)
