"""Tokens for development: signed with SECRET_KEY by `manage.py issue_token`, refused unless
DEBUG."""

from datetime import UTC, datetime

from django.core import signing

from chat.authentication.identity import Identity, require_user_id
from chat.errors import NotAuthenticated
from messaging.conditions import Condition
from messaging.identifiers import is_user_id


class DevelopmentAuthenticator:
    """They name their user and when they were issued, and do not expire."""

    condition = Condition.OK

    async def authenticate(self, token: str) -> Identity:
        try:
            user_id, issued_at = _signer().unsign_object(token)
            signed_in_at = datetime.fromtimestamp(issued_at, UTC)
        except (signing.BadSignature, ValueError, TypeError):
            raise NotAuthenticated("This is not a development token of this server.") from None
        return Identity(
            user_id=require_user_id(user_id), signed_in_at=signed_in_at, expires_at=None
        )

    async def require_unrevoked(self, identity: Identity) -> None:
        """Nobody else knows of them."""


def issue_development_token(user_id: str) -> str:
    """A token for `CHAT_AUTH=dev`, of the characters that an HTTP token may have (RFC 9110
    §5.6.2), so that it can be a WebSocket subprotocol. Raises ValueError for a bad user id."""
    if not is_user_id(user_id):
        raise ValueError(f"{user_id!r} is not a well-formed user id, or a reserved one.")
    return _signer().sign_object([user_id, datetime.now(UTC).timestamp()])


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="chat.development-token")
