"""Errors of REST and the socket, in addition to those of the core
(`messaging.domain.exceptions`)."""

from messaging.domain.exceptions import InvalidRequest, MessagingError


class InvalidJSON(MessagingError):
    """The request is not valid JSON. Correct it before a retry."""

    code = "invalid_json"


class NotAuthenticated(MessagingError):
    """Send a valid token: `Authorization: Bearer <token>`."""

    code = "not_authenticated"


class TokenExpired(NotAuthenticated):
    """The token has expired. Get a new one."""

    code = "token_expired"


class ServiceTokenRevoked(NotAuthenticated):
    """This token of a service account was revoked. Use another one."""

    code = "token_revoked"


INVALID = frozenset({InvalidRequest.code, InvalidJSON.code})
"""The codes of a document that breaks the rules of its format."""
