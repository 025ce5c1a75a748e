"""Authentication: from a bearer token to an identity.

`CHAT_AUTH` selects the issuer of people's tokens: Firebase Authentication, or this project itself
for development. They are verified off the event loop. Tokens of service accounts are in Django's
database.
"""

import structlog
from django.conf import settings

from chat.authentication.development import DevelopmentAuthenticator, issue_development_token
from chat.authentication.identity import Authenticator, Identity, SignInsRevoked
from chat.authentication.service_accounts import ServiceAuthenticator
from chat.authentication.token_cache import VerifiedTokens
from chat.exceptions import NotAuthenticated
from messaging.domain.exceptions import StoreUnavailable
from messaging.runtime.instance import Instance
from messaging.services import sessions

logger = structlog.get_logger(__name__)

__all__ = [
    "Authenticator",
    "Identity",
    "ServiceAuthenticator",
    "VerifiedTokens",
    "bearer_token",
    "issue_development_token",
    "make_authenticator",
    "require_unrevoked",
]


def make_authenticator() -> Authenticator:
    """Return the authenticator for `CHAT_AUTH`. Development tokens are never accepted without
    DEBUG. Importing the modules of Firebase takes long, so call this before the first request."""
    if settings.CHAT_AUTH == "dev":
        return DevelopmentAuthenticator()
    from chat.authentication.firebase import FirebaseAuthenticator  # noqa: PLC0415

    return FirebaseAuthenticator()


def bearer_token(authorization: str | None) -> str:
    """Return the token of an `Authorization` header. Raises NotAuthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return token.strip()


async def require_unrevoked(
    tokens: VerifiedTokens, instance: Instance, token: str, identity: Identity
) -> None:
    """Ask the issuer whether a token is still valid.

    This calls another service, so use it only for a person whose rate limit allows it. A revocation
    is stored: from then on all instances refuse the sign-in, over REST and sockets. Raises
    TokenRevoked, StoreUnavailable.
    """
    try:
        await tokens.require_unrevoked(token, identity)
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
