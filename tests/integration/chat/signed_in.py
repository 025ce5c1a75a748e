"""Firebase as the doors of tests see it: real signatures, with a server on the loopback."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from tests.unit.chat.firebase import Google, Key, google, set_as_in_production, with_credentials

KEY = Key("key-1")


@pytest_asyncio.fixture
async def firebase(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Google]:
    """With credentials, and ann and bob as its users, for the applications that are made later."""
    with google() as fake:
        fake.certificates = {KEY.kid: KEY.certificate}
        fake.users = {"ann": {}, "bob": {}}
        set_as_in_production(fake, settings, monkeypatch)
        settings.CHAT_AUTH = "firebase"
        with_credentials(fake, monkeypatch)
        yield fake
        fake.released.set()
