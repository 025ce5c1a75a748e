"""Who is calling: development tokens, and the header that any token comes in."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from chat.authentication import (
    Identity,
    VerifiedTokens,
    bearer_token,
    issue_development_token,
    make_authenticator,
    token_cache,
)
from chat.authentication.development import DevelopmentAuthenticator
from chat.authentication.firebase import FirebaseAuthenticator
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.domain.exceptions import InvalidRequest

HTTP_TOKEN = set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


# Development


@pytest.mark.parametrize("user_id", ["ann", "A.b_c@d:e-f", "x" * 128])
async def test_a_development_token_names_its_user(user_id: str) -> None:
    """It consists of what a header token may have, so that it can be a subprotocol."""
    before = datetime.now(UTC)
    token = issue_development_token(user_id)

    assert set(token) <= HTTP_TOKEN
    identity = await DevelopmentAuthenticator().authenticate(token)
    assert (identity.user_id, identity.expires_at) == (user_id, None)
    assert before <= identity.signed_in_at <= datetime.now(UTC)


async def test_a_development_token_expires() -> None:
    now = datetime.now(UTC)
    later, over = now + timedelta(minutes=1), now - timedelta(seconds=1)

    identity = await DevelopmentAuthenticator().authenticate(
        issue_development_token("ann", expires_at=later)
    )
    assert identity.expires_at == later
    with pytest.raises(TokenExpired):
        await DevelopmentAuthenticator().authenticate(
            issue_development_token("ann", expires_at=over)
        )


@pytest.mark.parametrize("user_id", ["", "me", "a b", "__x__", "x" * 129])
def test_no_token_for_a_malformed_user_id(user_id: str) -> None:
    with pytest.raises(InvalidRequest, match="user id"):
        issue_development_token(user_id)


@pytest.mark.parametrize(
    ("named", "offered"),
    [
        ({"name": "Ann 👩‍🚀 Lee"}, {"name": "Ann 👩‍🚀 Lee"}),
        ({"picture": "https://a.b/c"}, {"picture": "https://a.b/c"}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("expires_in", [None, timedelta(minutes=1)])
async def test_a_development_token_may_have_a_profile(
    named: dict[str, str], offered: dict[str, str], expires_in: timedelta | None
) -> None:
    """Whether it expires or not; the characters of the token stay those of a header."""
    expires_at = None if expires_in is None else datetime.now(UTC) + expires_in

    token = issue_development_token(
        "ann", expires_at=expires_at, name=named.get("name"), picture=named.get("picture")
    )

    assert set(token) <= HTTP_TOKEN
    identity = await DevelopmentAuthenticator().authenticate(token)
    assert (identity.profile, identity.expires_at) == (offered, expires_at)


async def test_the_command_issues_a_token_with_a_name(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """To one user: two people rarely have the same."""
    settings.CHAT_AUTH, settings.DEBUG = "dev", True
    call_command("issue_token", "ann", name="Ann Lee")
    token = capsys.readouterr().out.strip()

    assert (await DevelopmentAuthenticator().authenticate(token)).profile == {"name": "Ann Lee"}
    for users, name, words in (
        (["ann", "bob"], "Ann", "belongs to one user"),
        (["ann"], "\u200b", "blank"),
        (["a b"], None, "not a user id"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("issue_token", *users, name=name)


@pytest.mark.parametrize("profile", [{"name": " "}, {"name": "x" * 101}, {"picture": "ftp://a.b"}])
def test_no_token_for_a_bad_profile(profile: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        issue_development_token("ann", name=profile.get("name"), picture=profile.get("picture"))


async def test_a_profile_that_cannot_be_stored_now_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is it kept with the token: clients choose its size."""
    monkeypatch.setattr(token_cache, "PROFILE_SECONDS", 0.05)
    stored = asyncio.Event()
    offered = []

    async def on_profile(identity: Identity) -> None:
        offered.append(identity.profile)
        await stored.wait()

    tokens = VerifiedTokens(DevelopmentAuthenticator(), on_profile=on_profile)
    token = issue_development_token("ann", name="Ann")

    async with asyncio.timeout(5):
        identities = await asyncio.gather(*(tokens.authenticate(token) for _ in range(5)))

    assert offered == [{"name": "Ann"}]
    assert {one.user_id for one in identities} == {"ann"}
    known = tokens.recall(token)
    assert known is not None
    assert not known.profile
    stored.set()


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
        signing.Signer(key="x", sep=".", salt="chat.development-token").sign_object(["ann", 1]),
        signing.Signer(sep=".").sign_object(["ann", 1]),
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
def test_no_bearer_token(header: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        bearer_token(header)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_in_any_case(scheme: str) -> None:
    assert bearer_token(f"{scheme}  a.b.c ") == "a.b.c"


async def test_a_token_that_is_too_long_is_not_even_looked_at() -> None:
    looked_at = []

    class Noting(DevelopmentAuthenticator):
        async def authenticate(self, token: str) -> Identity:
            looked_at.append(token)
            return await super().authenticate(token)

    tokens = VerifiedTokens(Noting())
    with pytest.raises(NotAuthenticated):
        await tokens.authenticate("x" * 8_193)

    assert tokens.recall("x" * 8_193) is None
    assert looked_at == []


@pytest.mark.parametrize(
    ("auth", "kind"), [("dev", DevelopmentAuthenticator), ("firebase", FirebaseAuthenticator)]
)
def test_the_setting_decides(settings: Settings, auth: str, kind: type[object]) -> None:
    settings.CHAT_AUTH = auth
    settings.GOOGLE_CLOUD_PROJECT = "chat-test"
    assert isinstance(make_authenticator(), kind)
