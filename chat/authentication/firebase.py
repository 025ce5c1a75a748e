"""Firebase ID tokens, through firebase-admin in a few threads of its own.

https://firebase.google.com/docs/auth/admin/verify-id-tokens

Signatures are checked against Google's certificates, without credentials. To find out whether a
token was revoked or its user disabled, the server asks Firebase with its own credentials. Without
sufficient credentials it logs a warning, and accepts the token until it expires.
"""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

import firebase_admin
import firebase_admin.auth
import firebase_admin.credentials
import firebase_admin.exceptions
import google.auth.credentials
import google.auth.exceptions
import structlog
from django.conf import settings

from chat.authentication.identity import (
    Identity,
    SignInsRevoked,
    offered_profile,
    require_user_id,
)
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.domain.people import FOREVER

logger = structlog.get_logger(__name__)

T = TypeVar("T")

_SECONDS = 4.5
"""The deadline for one token. The threads of the pool give up before that."""
_HTTP_SECONDS = 4.0
_THREADS = 8
_CLOCK_SKEW_SECONDS = 10
"""How far ahead of this server's clock a token may be issued (firebase-admin allows up to 60:
https://firebase.google.com/docs/reference/admin/python/firebase_admin.auth#verify_id_token).
The expiry gets no tolerance."""
_WARN_EVERY_SECONDS = 60.0
_NOT_VALID = (
    firebase_admin.auth.InvalidIdTokenError,
    *(KeyError, TypeError, ValueError, OverflowError),  # raised for claims of the wrong type
)
_NO_ANSWER = (
    firebase_admin.exceptions.FirebaseError,
    google.auth.exceptions.GoogleAuthError,
    TimeoutError,
)


class FirebaseAuthenticator:
    answers_at_once = False

    def __init__(self) -> None:
        self.condition = Condition.OK
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="verify-token")
        self._verifying = _make_app("chat-verifying", _NoCredentials())
        self._asking: asyncio.Future[firebase_admin.App | None] | None = None
        self._ask_again_at = math.inf
        self._warned_at = -_WARN_EVERY_SECONDS

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        firebase_admin.delete_app(self._verifying)
        asked = self._asking
        if asked is None or not asked.done() or asked.exception() is not None:
            return
        if (app := asked.result()) is not None:
            firebase_admin.delete_app(app)

    async def authenticate(self, token: str) -> Identity:
        try:
            claims = await self._call(
                lambda: firebase_admin.auth.verify_id_token(
                    token, app=self._verifying, clock_skew_seconds=_CLOCK_SKEW_SECONDS
                )
            )
            expires_at = _moment(claims.get("exp", 0))
            signed_in_at = _moment(claims.get("auth_time", claims["iat"]))
            self.condition = Condition.OK
        except firebase_admin.auth.ExpiredIdTokenError:
            raise TokenExpired from None
        except StoreUnavailable:
            self.condition = Condition.DEGRADED
            raise
        except firebase_admin.auth.CertificateFetchError as error:
            self.condition = Condition.DEGRADED
            raise _unavailable(error) from None
        except _NOT_VALID:
            raise NotAuthenticated(
                "This is not a valid Firebase ID token. Get a new one with getIdToken()."
            ) from None
        if expires_at <= datetime.now(UTC):  # with the emulator, firebase-admin checks no times
            raise TokenExpired
        return Identity(
            user_id=require_user_id(claims["uid"]),
            signed_in_at=signed_in_at,
            expires_at=expires_at,
            profile=offered_profile(claims),
        )

    async def require_unrevoked(self, identity: Identity) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                app = await self._app_that_may_ask()
                if app is None:
                    return
                user = await self._call(
                    lambda: firebase_admin.auth.get_user(identity.user_id, app=app)
                )
        except firebase_admin.auth.UserNotFoundError:
            raise SignInsRevoked(up_to=None) from None
        except firebase_admin.exceptions.PermissionDeniedError as error:
            self._warn(error)
        except _NO_ANSWER as error:
            if not settings.FIREBASE_AUTH_EMULATOR_HOST:
                raise _unavailable(error) from None
            self._warn(error)  # with the emulator nothing is proved anyway
        else:
            if user.disabled:
                raise SignInsRevoked(up_to=None)
            if user.tokens_valid_after_timestamp > 1_000 * _seconds(identity):
                raise SignInsRevoked(up_to=_before(user.tokens_valid_after_timestamp))

    async def _app_that_may_ask(self) -> firebase_admin.App | None:
        """Return an app with credentials, or None if there are none. They are looked for again
        after a minute, because the search may take long and its source may be unavailable."""
        now = time.monotonic()
        failed = self._asking is not None and self._asking.done() and self._asking.exception()
        if self._asking is None or failed or now >= self._ask_again_at:
            loop = asyncio.get_running_loop()
            self._asking = loop.run_in_executor(self._pool, _find_credentials)
            self._ask_again_at = math.inf
        app = await asyncio.shield(self._asking)
        if app is None:
            self._ask_again_at = min(self._ask_again_at, now + _WARN_EVERY_SECONDS)
            self._warn("there are no application default credentials")
        return app

    async def _call(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_SECONDS):
                return await loop.run_in_executor(self._pool, work)
        except TimeoutError as error:
            raise _unavailable(error) from None

    def _warn(self, reason: object) -> None:
        now = time.monotonic()
        if now - self._warned_at >= _WARN_EVERY_SECONDS:
            self._warned_at = now
            logger.warning("authentication.revocation_unknown", reason=str(reason))


class _NoCredentials(firebase_admin.credentials.Base):  # type: ignore[misc]
    """Empty credentials: firebase-admin requires some even where it needs none."""

    def get_credential(self) -> google.auth.credentials.Credentials:
        return google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]


def _find_credentials() -> firebase_admin.App | None:
    credential = firebase_admin.credentials.ApplicationDefault()
    if not settings.FIREBASE_AUTH_EMULATOR_HOST:  # for the emulator, firebase-admin uses its own
        try:
            credential.get_credential()
        except google.auth.exceptions.DefaultCredentialsError:
            return None
    return _make_app("chat-asking", credential)


def _make_app(name: str, credential: firebase_admin.credentials.Base) -> firebase_admin.App:
    """Create an app under a new name. firebase-admin keeps one app per name and process."""
    options = {"projectId": settings.GOOGLE_CLOUD_PROJECT, "httpTimeout": _HTTP_SECONDS}
    return firebase_admin.initialize_app(credential, options, name=f"{name}-{time.monotonic_ns()}")


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _before(milliseconds: float) -> datetime:
    """Return the last time before `milliseconds`, at most the end of time."""
    try:
        return _moment((milliseconds - 1) / 1_000)
    except (ValueError, OverflowError, OSError):
        return FOREVER


def _seconds(identity: Identity) -> float:
    return identity.signed_in_at.timestamp()


def _unavailable(error: Exception) -> StoreUnavailable:
    logger.warning("authentication.unavailable", error=type(error).__name__)
    return StoreUnavailable("Tokens cannot be verified at the moment. Retry after 1 s.")
