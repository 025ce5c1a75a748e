"""Development tokens, refused unless DEBUG.

`manage.py issue_token` and POST `/api/v1/dev/tokens` sign them with SECRET_KEY.
"""

from datetime import UTC, datetime

from django.core import signing

from chat.authentication.identity import Identity, require_user_id
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.domain.health import Condition
from messaging.domain.identifiers import USER_ID_RULE, is_user_id


class DevelopmentAuthenticator:
    """Verifies tokens that contain the user, the time of issue, and the expiry."""

    condition = Condition.OK

    async def authenticate(self, token: str) -> Identity:
        try:
            user_id, issued_at, *expiry = _signer().unsign_object(token)
            signed_in_at = datetime.fromtimestamp(issued_at, UTC)
            expires_at = datetime.fromtimestamp(expiry[0], UTC) if expiry else None
        except (signing.BadSignature, ValueError, TypeError):
            raise NotAuthenticated(
                "This is not a development token of this server. Get one from manage.py "
                "issue_token."
            ) from None
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise TokenExpired
        return Identity(
            user_id=require_user_id(user_id), signed_in_at=signed_in_at, expires_at=expires_at
        )

    async def require_unrevoked(self, identity: Identity) -> None:
        """Do nothing: no other service issues these tokens."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


def issue_development_token(user_id: str, *, expires_at: datetime | None = None) -> str:
    """Return a token for `CHAT_AUTH=dev`. Without `expires_at` it does not expire.

    It consists of the characters that an HTTP token may have (RFC 9110 5.6.2), so that it can be
    a WebSocket subprotocol. Raises ValueError for a bad user id.
    """
    if not is_user_id(user_id):
        raise ValueError(f"{user_id!r} is reserved or not a user id. A user id is {USER_ID_RULE}.")
    expiry = [] if expires_at is None else [expires_at.timestamp()]
    return _signer().sign_object([user_id, datetime.now(UTC).timestamp(), *expiry])


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="chat.development-token")
