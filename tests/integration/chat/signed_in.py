"""Firebase as the doors of tests see it: real signatures, with a server on the loopback."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from chat import authentication
from chat.authentication.token_cache import VerifiedTokens
from tests.unit.chat.firebase import Google, Key, as_in_production, google, with_credentials

KEY = Key("key-1")


@pytest_asyncio.fixture
async def firebase(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Google]:
    """With credentials, and ann and bob as its users."""
    with google() as fake:
        fake.certificates = {KEY.kid: KEY.certificate}
        fake.users = {"ann": {}, "bob": {}}
        authenticator = as_in_production(fake, settings, monkeypatch)
        with_credentials(fake, monkeypatch)
        monkeypatch.setattr(authentication, "_verified", VerifiedTokens(authenticator))
        yield fake
        fake.released.set()
        authenticator.close()
