"""Tokens of service accounts, which are in Django's database.

What was read about a token holds for a second. So a revoked or changed token needs no message
between instances: a second after the change every instance has read it, also without Redis.
"""

import hmac
import time

from chat.authentication.identity import Identity
from chat.exceptions import NotAuthenticated, ServiceTokenRevoked, TokenExpired
from messaging.domain.health import Condition
from messaging.domain.integrations.service_accounts import (
    LEASE_SECONDS,
    TOKEN_PREFIX,
    ServiceCaller,
    token_digest,
    token_id,
)
from messaging.stores.database.service_accounts import ServiceAccountStore


class ServiceAuthenticator:
    """Implements `Authenticator`."""

    condition = Condition.OK
    """The store of the accounts has a condition of its own."""
    answers_at_once = False

    def __init__(self, accounts: ServiceAccountStore) -> None:
        self._accounts = accounts

    @staticmethod
    def issued(token: str) -> bool:
        """Return whether a token claims to be one of a service account."""
        return token.startswith(TOKEN_PREFIX)

    async def authenticate(self, token: str) -> Identity:
        """Return the identity of a token, in one read of the database.

        Raises NotAuthenticated, TokenExpired, ServiceTokenRevoked, StoreUnavailable.
        """
        id_ = token_id(token)
        holds_until = time.monotonic() + LEASE_SECONDS  # from before the read
        account = None if id_ is None else await self._accounts.find(id_)
        stored = None if account is None else account.tokens[0]
        if (
            account is None
            or stored is None
            or not hmac.compare_digest(stored.digest, token_digest(token))
        ):
            raise NotAuthenticated("This is not a token of a service account. Ask an operator.")
        if account.revoked_at is not None or stored.revoked_at is not None:
            raise ServiceTokenRevoked
        if stored.expired:
            raise TokenExpired("This token of a service account has expired. Use another one.")
        return Identity(
            user_id=account.user_id,
            signed_in_at=stored.created_at,
            expires_at=stored.expires_at,
            holds_until=holds_until,
            service=ServiceCaller(
                name=account.name,
                token_id=stored.id,
                scopes=account.scopes,
                requests_per_second=account.requests_per_second,
            ),
        )

    async def require_unrevoked(self, identity: Identity) -> None:
        """Do nothing: `authenticate` asks the database again each second."""

    def close(self) -> None:
        """Do nothing: the instance closes the database."""
