"""Development tokens, refused unless DEBUG.

`manage.py issue_token` and POST `/api/v1/dev/tokens` sign them with SECRET_KEY.
"""

from datetime import UTC, datetime

from django.core import signing

from chat.authentication.identity import Identity, offered_profile, require_user_id
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.changes.profile_rules import require_name, require_picture
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.health import Condition
from messaging.domain.identifiers import USER_ID_RULE, is_user_id


class DevelopmentAuthenticator:
    """Verifies tokens that contain the user, the time of issue, the expiry, and the profile."""

    condition = Condition.OK
    answers_at_once = True

    def __init__(self) -> None:
        self._signer = _signer()

    async def authenticate(self, token: str) -> Identity:
        try:
            user_id, issued_at, *more = self._signer.unsign_object(token)
            signed_in_at = datetime.fromtimestamp(issued_at, UTC)
            expiry, profile = (*more, None, None)[:2]
            expires_at = None if expiry is None else datetime.fromtimestamp(expiry, UTC)
        except (signing.BadSignature, ValueError, TypeError):
            raise NotAuthenticated(
                "This is not a development token of this server. Get one from manage.py "
                "issue_token."
            ) from None
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise TokenExpired
        return Identity(
            user_id=require_user_id(user_id),
            signed_in_at=signed_in_at,
            expires_at=expires_at,
            profile=offered_profile(profile or {}),
        )

    async def require_unrevoked(self, identity: Identity) -> None:
        """Do nothing: no other service issues these tokens."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


def issue_development_token(
    user_id: str,
    *,
    expires_at: datetime | None = None,
    name: str | None = None,
    picture: str | None = None,
) -> str:
    """Return a token for `CHAT_AUTH=dev`. Without `expires_at` it does not expire.

    It consists of the characters that an HTTP token may have (RFC 9110 5.6.2), so that it can be
    a WebSocket subprotocol. Raises InvalidRequest, which names the wrong field.
    """
    if not is_user_id(user_id):
        detail = f"{user_id!r} is reserved or not a user id. A user id is {USER_ID_RULE}."
        raise InvalidRequest.of("user_id", detail)
    if name is not None:
        require_name(name)
    if picture is not None:
        require_picture(picture)
    profile = {"name": name, "picture": picture} if name or picture else None
    expiry = None if expires_at is None else expires_at.timestamp()
    content = [user_id, datetime.now(UTC).timestamp(), expiry, profile]
    while content[-1] is None:
        content.pop()
    return _signer().sign_object(content)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="chat.development-token")
