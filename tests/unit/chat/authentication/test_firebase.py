"""Firebase's tokens through firebase-admin itself: signed by a key of ours whose certificate comes
from a server on the loopback, or unsigned as its emulator has them."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from pytest_django.fixtures import Settings

from chat.authentication import firebase as firebase_module
from chat.authentication.firebase import FirebaseAuthenticator
from chat.authentication.identity import Identity
from chat.authentication.token_cache import VerifiedTokens
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.domain.exceptions import StoreUnavailable, TokenRevoked
from tests.moments import lapse
from tests.unit.chat.firebase import (
    CERTIFICATES,
    PROJECT,
    Google,
    Key,
    as_in_production,
    google,
    standard_claims,
    unsigned,
    with_credentials,
)

KEY = Key("key-1")


@pytest.fixture(name="google")
def _google() -> Iterator[Google]:
    with google() as fake:
        fake.certificates = {KEY.kid: KEY.certificate}
        yield fake


@pytest.fixture
def signed(
    google: Google, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirebaseAuthenticator]:
    authenticator = as_in_production(google, settings, monkeypatch)
    yield authenticator
    google.released.set()
    authenticator.close()


@pytest.fixture
def emulated(
    google: Google, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FirebaseAuthenticator]:
    """As with Firebase's own emulator, which signs nothing; all else is checked as ever."""
    settings.GOOGLE_CLOUD_PROJECT = PROJECT
    settings.FIREBASE_AUTH_EMULATOR_HOST = google.host
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", google.host)
    authenticator = FirebaseAuthenticator()
    yield authenticator
    authenticator.close()


# Signed


async def test_a_signed_token(signed: FirebaseAuthenticator) -> None:
    """Names its user, when they signed in, and its end."""
    now = int(time.time())

    identity = await signed.authenticate(KEY.sign(exp=now + 1_800, auth_time=now - 900))

    assert identity == Identity(
        user_id="ann",
        signed_in_at=datetime.fromtimestamp(now - 900, UTC),
        expires_at=datetime.fromtimestamp(now + 1_800, UTC),
    )


@pytest.mark.parametrize("age", [1, 60, 86_400])
async def test_an_expired_token(signed: FirebaseAuthenticator, age: int) -> None:
    """Has a code of its own: the client gets a fresh one and comes back."""
    now = int(time.time())

    with pytest.raises(TokenExpired):
        await signed.authenticate(KEY.sign(iat=now - 90_000, exp=now - age))


def hs256_with_the_public_key() -> str:
    """The oldest trick: the public key taken for the secret of a symmetric signature."""
    signature = jwt.utils.base64url_encode(b"x" * 32).decode()
    head = jwt.utils.base64url_encode(
        f'{{"alg":"HS256","typ":"JWT","kid":"{KEY.kid}"}}'.encode()
    ).decode()
    body = KEY.sign().split(".")[1]
    return f"{head}.{body}.{signature}"


def changed_on_the_way() -> str:
    head, _, signature = KEY.sign().split(".")
    return f"{head}.{KEY.sign(sub='bob').split('.')[1]}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: KEY.sign(aud="another-project"), id="wrong audience"),
        pytest.param(lambda: KEY.sign(aud=None), id="no audience"),
        pytest.param(
            lambda: KEY.sign(iss="https://securetoken.google.com/another"), id="wrong issuer"
        ),
        pytest.param(lambda: KEY.sign(iss="https://accounts.google.com"), id="another issuer"),
        pytest.param(lambda: Key("key-1").sign(), id="forged: another key under the same id"),
        pytest.param(changed_on_the_way, id="changed on the way"),
        pytest.param(lambda: Key("key-2").sign(), id="unknown key"),
        pytest.param(lambda: unsigned(kid="key-1"), id="alg none"),
        pytest.param(unsigned, id="alg none without a key id"),
        pytest.param(hs256_with_the_public_key, id="the public key as a secret"),
        pytest.param(lambda: KEY.sign(iat=int(time.time()) + 600), id="from the future"),
        pytest.param(lambda: KEY.sign(iat=int(time.time()) + 12), id="12 s ahead"),
        pytest.param(lambda: KEY.sign(sub="service:bot"), id="of a reserved user id"),
        pytest.param(lambda: KEY.sign(sub="erased:abc"), id="of an erased user"),
        pytest.param(lambda: KEY.sign(iat=None), id="without a time"),
        pytest.param(lambda: KEY.sign(exp=None), id="without an end"),
        pytest.param(lambda: KEY.sign(sub=None), id="nobody's"),
        pytest.param(lambda: KEY.sign(sub="a/b"), id="of no usable user id"),
        pytest.param(lambda: KEY.sign(auth_time="yesterday"), id="auth_time of the wrong kind"),
        pytest.param(lambda: jwt.encode(standard_claims(), "x" * 32), id="a legacy token"),
        *("x", "x.y", "x.y.z", "..", "e30.e30.", "🦆", "\x00", "\ud800", "a" * 8_000),
    ],
)
async def test_what_is_no_token_of_ours(signed: FirebaseAuthenticator, make: Any) -> None:
    token = make if isinstance(make, str) else make()
    with pytest.raises(NotAuthenticated) as refused:
        await signed.authenticate(token)

    assert refused.value.code == "not_authenticated"


async def test_certificates_that_cannot_be_had(
    signed: FirebaseAuthenticator, google: Google
) -> None:
    """Are no fault of the token: try again."""
    google.status[CERTIFICATES] = 500
    with pytest.raises(StoreUnavailable):
        await signed.authenticate(KEY.sign())

    google.status.clear()
    assert (await signed.authenticate(KEY.sign())).user_id == "ann"


async def test_certificates_that_hang(
    signed: FirebaseAuthenticator, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are waited for a few seconds, off the event loop."""
    monkeypatch.setattr(firebase_module, "_SECONDS", 0.2)
    google.released.clear()

    with pytest.raises(StoreUnavailable):
        await signed.authenticate(KEY.sign())


async def test_without_credentials_revocation_is_unknown(signed: FirebaseAuthenticator) -> None:
    """The token holds until it expires; nothing fails."""
    identity = await signed.authenticate(KEY.sign())

    await signed.require_unrevoked(identity)


# Remembered


async def test_a_token_is_verified_once(signed: FirebaseAuthenticator, google: Google) -> None:
    """However many show it at the same moment, or later."""
    tokens, token = VerifiedTokens(signed), KEY.sign()

    identities = await asyncio.gather(*(tokens.authenticate(token) for _ in range(50)))
    await tokens.authenticate(token)

    assert len(set(map(id, identities))) == 1
    assert google.asked == [CERTIFICATES]


async def test_what_is_remembered_expires(signed: FirebaseAuthenticator) -> None:
    tokens, now = VerifiedTokens(signed), time.time()
    token = KEY.sign(exp=int(now) + 2)
    await tokens.authenticate(token)

    await lapse(int(now) + 2.05 - time.time())

    with pytest.raises(TokenExpired):
        await tokens.authenticate(token)


async def test_a_failure_is_not_remembered(signed: FirebaseAuthenticator, google: Google) -> None:
    tokens, token = VerifiedTokens(signed), KEY.sign()
    google.status[CERTIFICATES] = 503
    with pytest.raises(StoreUnavailable):
        await tokens.authenticate(token)

    google.status.clear()
    assert (await tokens.authenticate(token)).user_id == "ann"


async def test_who_leaves_takes_nobody_along(signed: FirebaseAuthenticator, google: Google) -> None:
    """Whoever asked first is gone before the answer; the others get it."""
    tokens, token = VerifiedTokens(signed), KEY.sign()
    google.released.clear()
    first = asyncio.create_task(tokens.authenticate(token))
    second = asyncio.create_task(tokens.authenticate(token))
    while not google.asked:
        await asyncio.sleep(0.01)

    first.cancel()
    google.released.set()

    assert (await second).user_id == "ann"


# The emulator, and what it knows of users


async def test_an_unsigned_token(emulated: FirebaseAuthenticator) -> None:
    identity = await emulated.authenticate(unsigned(exp=int(time.time()) + 1_800))
    assert identity.user_id == "ann"


@pytest.mark.parametrize("age", [0, 1, 3600, None])
async def test_an_expired_unsigned_token(emulated: FirebaseAuthenticator, age: int | None) -> None:
    """One without an end has ended."""
    now = int(time.time())

    with pytest.raises(TokenExpired):
        await emulated.authenticate(
            unsigned(iat=now - 7200, exp=None if age is None else now - age)
        )


@pytest.mark.parametrize(
    "claims",
    [
        *({"aud": "another-project"}, {"aud": None}),
        {"iss": "https://securetoken.google.com/another-project"},
        {"iss": "https://accounts.google.com"},
        *({"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 129}),
        *({"sub": "me"}, {"sub": "a/b"}, {"sub": "__x__"}),
        *({"iat": None, "auth_time": None}, {"auth_time": []}, {"exp": "x"}, {"exp": 10**30}),
    ],
)
async def test_an_unsigned_token_that_is_not_for_us(
    emulated: FirebaseAuthenticator, claims: dict[str, Any]
) -> None:
    """Another project's, naming nobody who can be a user here, or of wrong kinds."""
    with pytest.raises(NotAuthenticated) as refused:
        await emulated.authenticate(unsigned(**claims))

    assert refused.value.code == "not_authenticated"


@pytest.mark.parametrize(
    ("user", "holds"),
    [
        ({}, True),
        ({"validSince": "1"}, True),
        ({"validSince": str(2**33)}, False),
        ({"disabled": True}, False),
        (None, False),
    ],
    ids=["as ever", "revoked long ago", "revoked since", "disabled", "deleted"],
)
async def test_whether_it_holds_still(
    emulated: FirebaseAuthenticator, google: Google, user: dict[str, Any] | None, holds: bool
) -> None:
    """Revoked since, of a disabled user, or of a deleted one: forgotten at once."""
    tokens, token = VerifiedTokens(emulated), unsigned()
    google.users = {} if user is None else {"ann": user}
    identity = await tokens.authenticate(token)

    if holds:
        await tokens.require_unrevoked(token, identity)
    else:
        with pytest.raises(TokenRevoked):
            await tokens.require_unrevoked(token, identity)
        assert tokens.recall(token) is None


@pytest.fixture
def asking(
    signed: FirebaseAuthenticator, google: Google, monkeypatch: pytest.MonkeyPatch
) -> FirebaseAuthenticator:
    with_credentials(google, monkeypatch)
    return signed


async def test_a_signed_token_that_was_revoked(
    asking: FirebaseAuthenticator, google: Google
) -> None:
    google.users = {"ann": {"validSince": str(2**33)}}
    identity = await asking.authenticate(KEY.sign())

    with pytest.raises(TokenRevoked):
        await asking.require_unrevoked(identity)


@pytest.mark.parametrize(("status", "holds"), [(403, True), (400, False)])
async def test_a_server_that_gives_no_answer(
    asking: FirebaseAuthenticator, google: Google, status: int, holds: bool
) -> None:
    """Credentials that do not suffice leave the token as it is; anything else is tried again."""
    identity = await asking.authenticate(KEY.sign())
    google.status[f"/v1/projects/{PROJECT}/accounts:lookup"] = status

    if holds:
        await asking.require_unrevoked(identity)
    else:
        with pytest.raises(StoreUnavailable):
            await asking.require_unrevoked(identity)


async def test_whether_tokens_can_be_verified(
    signed: FirebaseAuthenticator, google: Google
) -> None:
    """As of the last one that needed Google's certificates."""
    conditions = [signed.condition]
    google.status[CERTIFICATES] = 500
    with pytest.raises(StoreUnavailable):
        await signed.authenticate(KEY.sign())
    conditions.append(signed.condition)
    with pytest.raises(NotAuthenticated):
        await signed.authenticate("x.y.z")
    conditions.append(signed.condition)
    google.status.clear()
    await signed.authenticate(KEY.sign())
    conditions.append(signed.condition)

    assert conditions == ["ok", "degraded", "degraded", "ok"]
