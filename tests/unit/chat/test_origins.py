"""Which pages may open a socket."""

from collections.abc import Mapping

import pytest
from pytest_django.fixtures import Settings

from chat.origins import is_loopback_origin, origin_allowed


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
    ("scheme", "forwarded"), [("wss", {}), ("ws", {"x-forwarded-proto": "https"})]
)
def test_the_scheme_of_an_origin_counts(scheme: str, forwarded: Mapping[str, str]) -> None:
    """Anyone on the way can make a page of http; it is no page of a host that is served by TLS."""
    headers = {"host": "chat.example", **forwarded}
    assert not origin_allowed({**headers, "origin": "http://chat.example"}, scheme=scheme)
    assert origin_allowed({**headers, "origin": "https://chat.example"}, scheme=scheme)


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


LOCAL = ["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost"]


@pytest.mark.parametrize("origin", LOCAL)
def test_a_page_of_this_machine_is_allowed_with_development_tokens(
    origin: str, settings: Settings
) -> None:
    headers = {"origin": origin, "host": "chat.example"}
    assert not origin_allowed(headers)

    settings.DEBUG, settings.CHAT_AUTH = True, "dev"
    assert origin_allowed(headers)
    settings.CHAT_AUTH = "firebase"
    assert not origin_allowed(headers)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost@evil.example", "http://localhost.evil.example", "null", "", "http://[", "x"],
)
def test_no_page_of_this_machine(origin: str) -> None:
    assert not is_loopback_origin(origin)
