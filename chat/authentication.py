"""Who is calling: from a bearer token to a user id.

`CHAT_AUTH` decides who made the token: Firebase Authentication, or this project itself for
development. A token is verified off the event loop.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import firebase_admin
import firebase_admin.auth
from django.conf import settings
from django.core import signing

from chat.errors import NotAuthenticated, TokenExpired, TokenRevoked
from messaging.conditions import Condition
from messaging.exceptions import StoreUnavailable
from messaging.identifiers import is_user_id

_VERIFICATION_SECONDS = 3
_MOST_TOKEN_CHARACTERS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    user_id: str
    expires_at: datetime | None
    """None for a token that does not expire."""


class Authenticator(Protocol):
    @property
    def condition(self) -> Condition:
        """Whether tokens could be verified the last time."""

    async def authenticate(self, token: str) -> Identity:
        """Raises NotAuthenticated, TokenExpired, TokenRevoked, and Unavailable when the token
        cannot be verified just now."""


class DevelopmentAuthenticator:
    """Tokens signed with SECRET_KEY by `manage.py issue_token`. Refused unless DEBUG."""

    condition = Condition.OK

    async def authenticate(self, token: str) -> Identity:
        try:
            user_id = _signer().unsign_object(token)
        except signing.BadSignature:
            raise NotAuthenticated("This is not a development token of this server.") from None
        return Identity(user_id=_require_user_id(user_id), expires_at=None)


class FirebaseAuthenticator:
    """Firebase ID tokens (https://firebase.google.com/docs/auth/admin/verify-id-tokens)."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="verify-token")
        self._lock = threading.Lock()
        self._app: firebase_admin.App | None = None
        self.condition = Condition.OK

    async def authenticate(self, token: str) -> Identity:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_VERIFICATION_SECONDS):
                claims = await loop.run_in_executor(self._pool, self._verify, token)
        except firebase_admin.auth.ExpiredIdTokenError:
            raise TokenExpired from None
        except (
            firebase_admin.auth.RevokedIdTokenError,
            firebase_admin.auth.UserDisabledError,
        ):
            raise TokenRevoked from None
        except (firebase_admin.auth.CertificateFetchError, TimeoutError):
            self.condition = Condition.DEGRADED
            raise StoreUnavailable("Tokens cannot be verified at the moment.") from None
        except (firebase_admin.auth.InvalidIdTokenError, ValueError):
            raise NotAuthenticated("This is not a valid Firebase ID token.") from None
        self.condition = Condition.OK
        expires_at = datetime.fromtimestamp(claims.get("exp", 0), UTC)
        if expires_at <= datetime.now(UTC):  # with its emulator firebase-admin looks at no times
            raise TokenExpired
        return Identity(user_id=_require_user_id(claims["uid"]), expires_at=expires_at)

    def close(self) -> None:
        """Give back its threads. Blocks while one of them works."""
        self._pool.shutdown()
        if self._app is not None:
            firebase_admin.delete_app(self._app)

    def _verify(self, token: str) -> dict[str, Any]:
        with self._lock:
            if self._app is None:
                options = {
                    "projectId": settings.GOOGLE_CLOUD_PROJECT,
                    "httpTimeout": _VERIFICATION_SECONDS,
                }
                self._app = firebase_admin.initialize_app(options=options, name="chat")
        claims: dict[str, Any] = firebase_admin.auth.verify_id_token(token, app=self._app)
        return claims


def make_authenticator() -> Authenticator:
    """What the setting `CHAT_AUTH` names. Development tokens are never accepted outside DEBUG."""
    if settings.CHAT_AUTH == "dev":
        return DevelopmentAuthenticator()
    return FirebaseAuthenticator()


_authenticator: Authenticator | None = None


async def authenticate(authorization: str | None) -> Identity:
    """The identity behind an `Authorization` header. Raises as `Authenticator.authenticate`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated
    return await authenticate_token(token.strip())


async def authenticate_token(token: str) -> Identity:
    if len(token) > _MOST_TOKEN_CHARACTERS:
        raise NotAuthenticated("The token is too long.")
    return await get_authenticator().authenticate(token)


def get_authenticator() -> Authenticator:
    """That of this process."""
    global _authenticator  # noqa: PLW0603 - made when first needed, once per process
    if _authenticator is None:
        _authenticator = make_authenticator()
    return _authenticator


def issue_development_token(user_id: str) -> str:
    """A token for `CHAT_AUTH=dev`, of the characters that an HTTP token may have (RFC 9110
    §5.6.2), so that it can be a WebSocket subprotocol. Raises ValueError for a bad user id."""
    if not is_user_id(user_id):
        raise ValueError(f"{user_id!r} is not a well-formed user id.")
    return _signer().sign_object(user_id)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="chat.development-token")


def _require_user_id(user_id: Any) -> str:
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise NotAuthenticated("The token names no user id that can be used here.")
    return user_id
