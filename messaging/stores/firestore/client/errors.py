"""The meaning of Firestore's errors."""

import re

import structlog
from google.auth.exceptions import GoogleAuthError
from grpc import StatusCode
from grpc.aio import AioRpcError

from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import STORE_UNAVAILABLE
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict

logger = structlog.get_logger(__name__)

OUTCOME_UNKNOWN = frozenset(
    {
        StatusCode.CANCELLED,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.INTERNAL,
        StatusCode.UNAVAILABLE,
        StatusCode.UNKNOWN,
    }
)
"""Errors after which the request may have been carried out, or may still be."""

RETRYABLE = OUTCOME_UNKNOWN | {StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED}
"""Errors that a second attempt may well avoid."""

_MESSAGE_IN = re.compile(r"/messages/([a-z2-7]{26})\b")
"""The id of an existing message, in the text of a refusal."""
_OVERTAKEN = {StatusCode.ABORTED, StatusCode.FAILED_PRECONDITION, StatusCode.NOT_FOUND}
_FORBIDDEN = {StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED}
_FAULTS = {StatusCode.FAILED_PRECONDITION, StatusCode.INVALID_ARGUMENT}
"""Errors such as a missing index or a malformed request. We must correct them, so they never count
as unavailability."""


class DocumentMissing(Exception):
    """The document to be updated does not exist."""


def refused(operation: str, error: AioRpcError) -> Exception:
    """Return the error for the failure of anything but a commit."""
    if error.code() is StatusCode.NOT_FOUND:
        return DocumentMissing()
    return error if error.code() in _FAULTS else unavailable(operation, error)


def refused_commit(operation: str, error: AioRpcError) -> Exception:
    """Return the error for the failure of a commit."""
    if error.code() is StatusCode.ALREADY_EXISTS:
        return AlreadyExists(*_MESSAGE_IN.findall(error.details() or ""))
    if error.code() in _OVERTAKEN:
        return Conflict()
    if error.code() in OUTCOME_UNKNOWN:
        STORE_UNAVAILABLE.labels(operation).inc()
        logger.warning("store.commit_unknown", operation=operation, reason=_reason(error))
        return CommitUnknown()
    return refused(operation, error)


def unavailable(operation: str, error: Exception) -> StoreUnavailable:
    """Return the error for a call that got no answer, or no permission. Count and log it."""
    STORE_UNAVAILABLE.labels(operation).inc()
    forbidden = isinstance(error, AioRpcError) and error.code() in _FORBIDDEN
    log = logger.error if forbidden or isinstance(error, GoogleAuthError) else logger.warning
    log("store.unavailable", operation=operation, reason=_reason(error))
    return StoreUnavailable()


def _reason(error: Exception) -> str:
    if isinstance(error, AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {error}"
