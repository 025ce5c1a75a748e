"""Authentication: from a bearer token to an identity.

`CHAT_AUTH` selects the issuer of tokens: Firebase Authentication, or this project itself for
development. Tokens are verified off the event loop.
"""

import structlog
from django.conf import settings

from chat.authentication.development import DevelopmentAuthenticator, issue_development_token
from chat.authentication.identity import Authenticator, Identity, SignInsRevoked
from chat.authentication.token_cache import VerifiedTokens
from chat.exceptions import NotAuthenticated
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.runtime.instance import Instance
from messaging.services import sessions

logger = structlog.get_logger(__name__)

__all__ = [
    "Identity",
    "authenticate",
    "bearer_token",
    "condition",
    "issue_development_token",
    "make_authenticator",
    "prepare",
    "recall",
    "require_unrevoked",
]

_MAX_TOKEN_CHARACTERS = 8_192


def make_authenticator() -> Authenticator:
    """Return the authenticator for `CHAT_AUTH`. Development tokens are never accepted without
    DEBUG."""
    if settings.CHAT_AUTH == "dev":
        return DevelopmentAuthenticator()
    from chat.authentication.firebase import FirebaseAuthenticator  # noqa: PLC0415 - takes long

    return FirebaseAuthenticator()


_verified: VerifiedTokens | None = None


def bearer_token(authorization: str | None) -> str:
    """Return the token of an `Authorization` header. Raises NotAuthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return token.strip()


def recall(token: str) -> Identity | None:
    """Return the identity of a token that was verified before. If the result is None, the token may
    still be valid."""
    return _tokens().recall(token) if len(token) <= _MAX_TOKEN_CHARACTERS else None


async def authenticate(token: str) -> Identity:
    """Return the identity of a token.

    Raises NotAuthenticated, TokenExpired, and StoreUnavailable if the token cannot be verified at
    the moment.
    """
    if len(token) > _MAX_TOKEN_CHARACTERS:
        raise NotAuthenticated("The token is too long. Send a valid one.")
    return await _tokens().authenticate(token)


async def require_unrevoked(instance: Instance, token: str, identity: Identity) -> None:
    """Ask the issuer whether a token is still valid.

    This calls another service, so use it only for a person whose rate limit allows it. A revocation
    is stored: from then on all instances refuse the sign-in, over REST and sockets. Raises
    TokenRevoked, StoreUnavailable.
    """
    try:
        await _tokens().require_unrevoked(token, identity)
    except SignInsRevoked as revoked:
        try:
            await sessions.revoke_sign_ins(
                instance,
                user_id=identity.user_id,
                signed_in_at=identity.signed_in_at,
                up_to=revoked.up_to,
            )
        except StoreUnavailable:  # this request is refused anyway; the next one tries again
            logger.warning("authentication.revocation_not_stored", user_id=identity.user_id)
        raise


def prepare() -> None:
    """Import the modules that verify tokens. This takes long, so do it before the first request."""
    _tokens()


def condition() -> Condition:
    """Return whether the latest verification was possible."""
    return _tokens().condition


def _tokens() -> VerifiedTokens:
    global _verified  # noqa: PLW0603 - created when first needed, once per process
    if _verified is None:
        _verified = VerifiedTokens(make_authenticator())
    return _verified
