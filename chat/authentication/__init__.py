"""Who is calling: from a bearer token to an identity.

`CHAT_AUTH` decides who made the token: Firebase Authentication, or this project itself for
development. A token is verified off the event loop.
"""

import structlog
from django.conf import settings

from chat.authentication.development import DevelopmentAuthenticator, issue_development_token
from chat.authentication.identity import Authenticator, Identity, SignInsRevoked
from chat.authentication.verified import VerifiedTokens
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
    """What the setting `CHAT_AUTH` names. Development tokens are never accepted outside DEBUG."""
    if settings.CHAT_AUTH == "dev":
        return DevelopmentAuthenticator()
    from chat.authentication.firebase import FirebaseAuthenticator  # noqa: PLC0415 - takes long

    return FirebaseAuthenticator()


_verified: VerifiedTokens | None = None


def bearer_token(authorization: str | None) -> str:
    """The token in an `Authorization` header. Raises NotAuthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return token.strip()


def recall(token: str) -> Identity | None:
    """Return the identity behind a token that was verified before; None means nothing."""
    return _tokens().recall(token) if len(token) <= _MAX_TOKEN_CHARACTERS else None


async def authenticate(token: str) -> Identity:
    """The identity behind a token.

    Raises NotAuthenticated, TokenExpired, and StoreUnavailable when the token cannot be verified
    just now.
    """
    if len(token) > _MAX_TOKEN_CHARACTERS:
        raise NotAuthenticated("The token is too long.")
    return await _tokens().authenticate(token)


async def require_unrevoked(instance: Instance, token: str, identity: Identity) -> None:
    """Ask its issuer whether a token still holds, which is a call of another service: call this
    only for a person whose rate allows it. What the issuer revoked is refused at all doors of all
    instances from then on. Raises TokenRevoked, StoreUnavailable."""
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
        except StoreUnavailable:  # this act is refused all the same; the next one tries again
            logger.warning("authentication.revocation_not_stored", user_id=identity.user_id)
        raise


def prepare() -> None:
    """Import what verifies tokens, which takes long: not on the event loop at the first request."""
    _tokens()


def condition() -> Condition:
    """Whether tokens could be verified the last time."""
    return _tokens().condition


def _tokens() -> VerifiedTokens:
    global _verified  # noqa: PLW0603 - made when first needed, once per process
    if _verified is None:
        _verified = VerifiedTokens(make_authenticator())
    return _verified
