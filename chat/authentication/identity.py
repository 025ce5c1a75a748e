"""The identity of a caller, and the interface of an authenticator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from chat.exceptions import NotAuthenticated
from messaging.changes.profile_rules import name_of_token, picture_of_token
from messaging.domain.exceptions import TokenRevoked
from messaging.domain.health import Condition
from messaging.domain.identifiers import is_user_id
from messaging.domain.integrations.service_accounts import ServiceCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    user_id: str
    signed_in_at: datetime
    """When the person signed in. All tokens of one sign-in have the same time, so that logging out
    everywhere revokes all of them."""
    expires_at: datetime | None
    """None for a token that does not expire."""
    profile: Mapping[str, str] = field(default_factory=dict)
    """The `name` and `picture` that the token gives, as far as others may see them."""
    holds_until: float | None = None
    """Until when this is known without asking the issuer again, by the monotonic clock; None until
    the token expires."""
    service: ServiceCaller | None = None
    """The service account to which the token belongs; None for the token of a person."""


class SignInsRevoked(TokenRevoked):
    """The issuer has revoked the sign-ins of a person."""

    def __init__(self, *, up_to: datetime | None) -> None:
        super().__init__("This sign-in was revoked. Sign in again.")
        self.up_to = up_to
        """Sign-ins up to this time are revoked. None: all sign-ins up to now."""


class Authenticator(Protocol):
    @property
    def condition(self) -> Condition:
        """Return whether the latest verification was possible."""

    @property
    def answers_at_once(self) -> bool:
        """Return whether nothing here waits for a thread, a database or another service."""

    async def authenticate(self, token: str) -> Identity:
        """Return the identity of a token.

        Raises NotAuthenticated, TokenExpired, and StoreUnavailable if the token cannot be verified
        at the moment.
        """

    async def require_unrevoked(self, identity: Identity) -> None:
        """Ask the issuer whether the sign-in is still valid.

        Raises SignInsRevoked, and StoreUnavailable if the issuer cannot be reached.
        """

    def close(self) -> None:
        """Close the connections to the issuer, without waiting for its answers."""


def offered_profile(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the profile in the claims `name` and `picture` of a token
    (https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims)."""
    offered = {
        "name": name_of_token(claims.get("name")),
        "picture": picture_of_token(claims.get("picture")),
    }
    return {field: value for field, value in offered.items() if value is not None}


def require_user_id(user_id: Any) -> str:
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise NotAuthenticated(
            "The token has no valid user id. User ids are 1 to 128 characters: A-Z a-z 0-9 _ . @ "
            ": -"
        )
    return user_id
