"""Who is calling: development tokens, and Firebase's through firebase-admin itself."""

import base64
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import firebase_admin
import pytest
from django.core import signing
from pytest_django.fixtures import Settings

from chat import authentication
from chat.authentication import (
    DevelopmentAuthenticator,
    FirebaseAuthenticator,
    authenticate,
    authenticate_token,
    issue_development_token,
    make_authenticator,
)
from chat.errors import NotAuthenticated, TokenExpired
from config.development.processes import free_port
from messaging.exceptions import StoreUnavailable
from tests.notifications.fcm_server import FcmServer

PROJECT = "chat-test"
HTTP_TOKEN = set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


# Development


@pytest.mark.parametrize("user_id", ["ann", "A.b_c@d:e-f", "x" * 128])
async def test_a_development_token_names_its_user(user_id: str) -> None:
    """It consists of what a header token may have, so that it can be a subprotocol."""
    token = issue_development_token(user_id)

    assert set(token) <= HTTP_TOKEN
    identity = await DevelopmentAuthenticator().authenticate(token)
    assert (identity.user_id, identity.expires_at) == (user_id, None)


@pytest.mark.parametrize("user_id", ["", "me", "a b", "__x__", "x" * 129])
def test_no_token_for_a_malformed_user_id(user_id: str) -> None:
    with pytest.raises(ValueError, match="user id"):
        issue_development_token(user_id)


@pytest.mark.parametrize("token", ["", ".", "x", "ImFubiI.", "ImFubiI.x", "a.b.c", "\x00", "🦆"])
async def test_what_is_no_development_token(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        await DevelopmentAuthenticator().authenticate(token)


async def test_a_forged_development_token() -> None:
    """Of another key, changed on the way, or signed for something else."""
    good = issue_development_token("ann")
    payload, _, signature = good.rpartition(".")
    other = issue_development_token("bob").rpartition(".")[0]
    forged = [
        signing.Signer(key="x", sep=".", salt="chat.development-token").sign_object("ann"),
        signing.Signer(sep=".").sign_object("ann"),
        f"{other}.{signature}",
        f"{payload}.{signature[:-1]}",
        f"{payload}.{signature[::-1]}",
    ]
    for token in forged:
        with pytest.raises(NotAuthenticated):
            await DevelopmentAuthenticator().authenticate(token)


async def test_a_development_token_of_another_server(settings: Settings) -> None:
    token = issue_development_token("ann")
    settings.SECRET_KEY = "another"

    with pytest.raises(NotAuthenticated):
        await DevelopmentAuthenticator().authenticate(token)


# The header


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer\t", "Basic x", "x", "Bearerx"]
)
async def test_no_bearer_token(header: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        await authenticate(header)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_in_any_case(scheme: str) -> None:
    identity = await authenticate(f"{scheme} {issue_development_token('ann')}")
    assert identity.user_id == "ann"


async def test_a_token_that_is_too_long_is_not_even_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(authentication, "_authenticator", None)
    monkeypatch.setattr(authentication, "make_authenticator", None)

    with pytest.raises(NotAuthenticated):
        await authenticate_token("x" * 8_193)


@pytest.mark.parametrize(
    ("auth", "kind"), [("dev", DevelopmentAuthenticator), ("firebase", FirebaseAuthenticator)]
)
def test_the_setting_decides(settings: Settings, auth: str, kind: type[object]) -> None:
    settings.CHAT_AUTH = auth
    assert isinstance(make_authenticator(), kind)


# Firebase


@pytest.fixture
def firebase(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirebaseAuthenticator]:
    """As with Firebase's own emulator, which signs nothing; all else is checked as ever."""
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    authenticator = FirebaseAuthenticator()
    yield authenticator
    authenticator._pool.shutdown()
    if authenticator._app is not None:
        firebase_admin.delete_app(authenticator._app)


def unsigned(**claims: Any) -> str:
    """An ID token as the emulator issues it; `None` leaves a claim out."""
    now = int(time.time())
    standard = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "ann",
        "iat": now - 10,
        "auth_time": now - 10,
        "exp": now + 3600,
    }
    payload = {name: value for name, value in (standard | claims).items() if value is not None}
    parts = ({"alg": "none", "typ": "JWT"}, payload)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join([*(part.rstrip("=") for part in encoded), ""])


async def test_a_firebase_token(firebase: FirebaseAuthenticator) -> None:
    """Names its user and its end."""
    exp = int(time.time()) + 1800

    identity = await firebase.authenticate(unsigned(exp=exp))

    assert identity.user_id == "ann"
    assert identity.expires_at == datetime.fromtimestamp(exp, UTC)


@pytest.mark.parametrize("age", [0, 1, 3600, None])
async def test_an_expired_firebase_token(firebase: FirebaseAuthenticator, age: int | None) -> None:
    """Has a code of its own: the client gets a fresh one and comes back. One without an end has
    ended."""
    now = int(time.time())

    with pytest.raises(TokenExpired):
        await firebase.authenticate(
            unsigned(iat=now - 7200, exp=None if age is None else now - age)
        )


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-project"},
        {"aud": None},
        {"iss": "https://securetoken.google.com/another-project"},
        {"iss": "https://accounts.google.com"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 129},
        {"sub": "me"},
        {"sub": "a/b"},
        {"sub": "__x__"},
    ],
)
async def test_a_firebase_token_that_is_not_for_us(
    firebase: FirebaseAuthenticator, claims: dict[str, Any]
) -> None:
    """Another project's, or naming nobody who can be a user here."""
    with pytest.raises(NotAuthenticated) as refused:
        await firebase.authenticate(unsigned(**claims))

    assert refused.value.code == "not_authenticated"


@pytest.mark.parametrize(
    "token", ["x", "x.y", "x.y.z", "..", "e30.e30.", "🦆", "\x00", "a" * 8_000]
)
async def test_garbage_is_no_firebase_token(firebase: FirebaseAuthenticator, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        await firebase.authenticate(token)


async def test_keys_that_are_not_to_be_had(
    firebase: FirebaseAuthenticator,
    fcm: FcmServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The token is neither taken nor refused, and it is said that none can be verified, until
    one was again."""
    emulator = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(fcm.credentials(tmp_path)))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    header = base64.urlsafe_b64encode(b'{"alg": "RS256", "kid": "1"}').decode().rstrip("=")
    token = f"{header}.{unsigned().split('.')[1]}.c2lnbmVk"
    conditions = [firebase.condition]

    with pytest.raises(StoreUnavailable):
        await firebase.authenticate(token)
    conditions.append(firebase.condition)
    with pytest.raises(NotAuthenticated):
        await firebase.authenticate("x.y.z")
    conditions.append(firebase.condition)

    firebase_admin.delete_app(firebase._app)
    firebase._app = None
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", emulator)
    await firebase.authenticate(unsigned())
    conditions.append(firebase.condition)
    assert conditions == ["ok", "degraded", "degraded", "ok"]
