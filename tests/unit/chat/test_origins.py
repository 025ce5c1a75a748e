"""Which pages may open a socket."""

from collections.abc import Mapping

import pytest
from pytest_django.fixtures import Settings

from chat.origins import origin_allowed


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["chat.example", ".wild.example"]
    settings.ALLOWED_ORIGINS = ["https://app.example"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "chat.example"},
        {"origin": "https://app.example", "host": "chat.example"},
        {"origin": "https://chat.example", "host": "chat.example"},
        {"origin": "http://chat.example", "host": "chat.example"},
        {"origin": "https://chat.example:8443", "host": "chat.example:8443"},
        {"origin": "https://a.wild.example", "host": "a.wild.example"},
    ],
)
def test_allowed(headers: Mapping[str, str]) -> None:
    """No browser, an allowed origin, or a page of this very host."""
    assert origin_allowed(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "host": "chat.example"},
        {"origin": "https://evil.example", "host": "evil.example"},
        {"origin": "null", "host": "chat.example"},
        {"origin": "null", "host": ""},
        {"origin": "null"},
        {"origin": "", "host": "chat.example"},
        {"origin": "", "host": ""},
        {"origin": "http://app.example", "host": "chat.example"},
        {"origin": "https://app.example.evil.example", "host": "chat.example"},
        {"origin": "https://app.example:444", "host": "chat.example"},
        {"origin": "https://chat.example:444", "host": "chat.example"},
        {"origin": "https://chat.example@evil.example", "host": "chat.example"},
        {"origin": "https://[", "host": "chat.example"},
        {"origin": "https://[::1", "host": "chat.example"},
        {"origin": "//chat.example", "host": "chat.example:x"},
        {"origin": "chat.example", "host": "chat.example"},
        {"origin": "file://", "host": "chat.example"},
    ],
)
def test_refused(headers: Mapping[str, str]) -> None:
    """Whatever else an `Origin` says, however malformed."""
    assert not origin_allowed(headers)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_development(settings: Settings, host: str) -> None:
    """Under DEBUG the local page is allowed without any setting, and only then."""
    settings.ALLOWED_HOSTS = []
    headers = {"origin": f"http://{host}", "host": host}
    assert not origin_allowed(headers)

    settings.DEBUG = True

    assert origin_allowed(headers)
    assert not origin_allowed({"origin": "http://evil.example", "host": "evil.example"})


def test_any_host(settings: Settings) -> None:
    """`*` leaves the check of hosts to the proxy; a page of another host is still refused."""
    settings.ALLOWED_HOSTS = ["*"]

    assert origin_allowed({"origin": "https://x.example", "host": "x.example"})
    assert not origin_allowed({"origin": "https://y.example", "host": "x.example"})
    assert not origin_allowed({"origin": "null", "host": ""})
