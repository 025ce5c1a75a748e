"""Who somebody is, and what an authenticator promises."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chat.exceptions import NotAuthenticated
from messaging.domain.exceptions import TokenRevoked
from messaging.domain.health import Condition
from messaging.domain.identifiers import is_user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    user_id: str
    signed_in_at: datetime
    """When the person proved who they are. A fresh token of the same sign-in has the same moment,
    so that logging out everywhere ends them all."""
    expires_at: datetime | None
    """None for a token that does not expire."""


class SignInsRevoked(TokenRevoked):
    """The issuer of a token says that it holds no more."""

    def __init__(self, *, up_to: datetime | None) -> None:
        super().__init__("This sign-in was revoked: sign in again.")
        self.up_to = up_to
        """The last moment whose sign-ins are revoked; None: all of them, up to now."""


class Authenticator(Protocol):
    @property
    def condition(self) -> Condition:
        """Whether tokens could be verified the last time."""

    async def authenticate(self, token: str) -> Identity:
        """Raises NotAuthenticated, TokenExpired, and StoreUnavailable when the token cannot be
        verified just now."""

    async def require_unrevoked(self, identity: Identity) -> None:
        """Ask the issuer of the token whether it still holds. Raises SignInsRevoked, and
        StoreUnavailable when the issuer cannot be asked just now."""


def require_user_id(user_id: Any) -> str:
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise NotAuthenticated("The token names no user id that can be used here.")
    return user_id
