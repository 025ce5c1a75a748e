"""Who somebody is, and what an authenticator promises."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chat.errors import NotAuthenticated
from messaging.conditions import Condition
from messaging.identifiers import is_user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    user_id: str
    signed_in_at: datetime
    """When the person proved who they are. A fresh token of the same sign-in has the same moment,
    so that logging out everywhere ends them all."""
    expires_at: datetime | None
    """None for a token that does not expire."""


class Authenticator(Protocol):
    @property
    def condition(self) -> Condition:
        """Whether tokens could be verified the last time."""

    async def authenticate(self, token: str) -> Identity:
        """Raises NotAuthenticated, TokenExpired, and StoreUnavailable when the token cannot be
        verified just now."""

    async def require_unrevoked(self, identity: Identity) -> None:
        """Ask whoever issued the token whether it holds still. Raises TokenRevoked, and
        StoreUnavailable when that cannot be told just now."""


def require_user_id(user_id: Any) -> str:
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise NotAuthenticated("The token names no user id that can be used here.")
    return user_id
