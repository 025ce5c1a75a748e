"""The errors that a client may see. Any other exception is a bug.

MessagingError
├── InvalidRequest
├── PayloadTooLarge
├── NotAParticipant
├── PermissionDenied
│   ├── PostingRestricted
│   └── ScopeMissing
├── RefusedByModeration
├── Banned
├── Blocked
├── TokenRevoked
├── NotFound
│   ├── ConversationNotFound
│   └── MessageNotFound
├── ClientIdReused
├── NotUploaded
├── BeingErased
├── RateLimited
└── Unavailable
    ├── Overloaded
    ├── SearchUnavailable
    └── StoreUnavailable

The codes are part of the public contract and never change.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

MAX_ERRORS = 20
"""The most wrong fields that one answer names. The cost of a refusal does not grow with the number
of mistakes."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; `field` is a dotted path into it."""

    field: str
    code: str
    detail: str


class MessagingError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str]

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(self.detail)


class InvalidRequest(MessagingError):
    """The request has invalid fields. See errors."""

    code = "invalid_request"

    def __init__(self, *errors: FieldError, detail: str | None = None) -> None:
        super().__init__(detail or (errors[0].detail if len(errors) == 1 else None))
        self.errors = errors

    @classmethod
    def of(cls, field: str, detail: str, code: str = "invalid") -> "InvalidRequest":
        return cls(FieldError(field, code, detail))


class PayloadTooLarge(MessagingError):
    """The request is larger than the limit. Send less."""

    code = "payload_too_large"


class NotAParticipant(MessagingError):
    """You are not a participant of this conversation."""

    code = "not_a_participant"


class PermissionDenied(MessagingError):
    """You do not have permission to do this."""

    code = "permission_denied"


class PostingRestricted(PermissionDenied):
    """Only owners and admins may send messages in this conversation."""

    code = "posting_restricted"


class ScopeMissing(PermissionDenied):
    """The service account lacks the scope that this needs."""

    code = "scope_missing"


class RefusedByModeration(MessagingError):
    """Moderation refused this text. Change it."""

    code = "refused_by_moderation"


class Banned(MessagingError):
    """You are banned."""

    code = "banned"


class Blocked(MessagingError):
    """One of you has blocked the other."""

    code = "blocked"


class TokenRevoked(MessagingError):
    """You were logged out. Sign in again."""

    code = "token_revoked"


class NotFound(MessagingError):
    """The resource does not exist."""

    code = "not_found"


class ConversationNotFound(NotFound):
    """The conversation does not exist."""

    code = "conversation_not_found"


class MessageNotFound(NotFound):
    """The message does not exist in this conversation."""

    code = "message_not_found"


class ClientIdReused(MessagingError):
    """This client_id was already used with other content. Use a new one."""

    code = "client_id_reused"


class NotUploaded(MessagingError):
    """The file is not uploaded. Upload it to the signed URL first."""

    code = "not_uploaded"


class BeingErased(MessagingError):
    """This person is being erased. Repeat the request once the erasure is done."""

    code = "being_erased"


class RateLimited(MessagingError):
    """You exceeded a rate limit."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = max(math.ceil(retry_after), 1)
        """Seconds."""
        super().__init__(f"You exceeded a rate limit. Retry after {self.retry_after} s.")


class Unavailable(MessagingError):
    """Part of the service is unavailable. Retry after 1 s."""

    retry_after = 1
    """Seconds to wait before a retry."""


class Overloaded(Unavailable):
    """The service is overloaded. Retry after 1 s."""

    code = "overloaded"


class SearchUnavailable(Unavailable):
    """The search is unavailable. Retry after 1 s."""

    code = "search_unavailable"


class StoreUnavailable(Unavailable):
    """The store is unavailable. Retry with the same client_id."""

    code = "store_unavailable"
