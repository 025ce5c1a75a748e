"""Reading `X-Forwarded-For`: the address at the place that the number of proxies names."""

from collections.abc import Sequence
from typing import Any

import pytest
from uvicorn import Config

from config.servers.forwarded import forwarded_address, forwarded_scheme, with_client, with_peer
from config.servers.uvicorn import trusted_peers


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([], None),
        ([b""], None),
        ([b"192.0.2.1,"], None),
        ([b"192.0.2.1"], "192.0.2.1"),
        ([b"10.0.0.1, 192.0.2.1"], "192.0.2.1"),
        ([b"10.0.0.1", b"192.0.2.1 "], "192.0.2.1"),
        ([b"x, 192.0.2.1:4711"], "192.0.2.1"),
        ([b"[2001:db8::1]:4711"], "2001:db8::1"),
        ([b"2001:DB8::1"], "2001:db8::1"),
        ([b"192.0.2.1, unknown"], None),
        ([b"\xff"], None),
    ],
)
def test_the_nearest_address(lines: Sequence[bytes], address: str | None) -> None:
    """A port makes no other address, or each connection of a client would have its own."""
    assert forwarded_address(lines, 1) == address


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([b"198.51.100.1, 192.0.2.1, 10.0.0.9"], "192.0.2.1"),
        ([b"192.0.2.1", b"10.0.0.9"], "192.0.2.1"),
        ([b"10.0.0.9"], None),
        ([b", 10.0.0.9"], None),
    ],
)
def test_an_address_behind_two_proxies(lines: Sequence[bytes], address: str | None) -> None:
    """A header that is too short names nobody."""
    assert forwarded_address(lines, 2) == address


@pytest.mark.parametrize(
    ("lines", "scheme"),
    [
        ([], None),
        ([b"https"], "https"),
        ([b"http", b"WSS "], "https"),
        ([b"gopher"], None),
        ([b"\xff"], None),
    ],
)
def test_the_forwarded_scheme(lines: Sequence[bytes], scheme: str | None) -> None:
    assert forwarded_scheme(lines) == scheme


PROXY, CLIENT = ("10.0.0.1", 80), ("192.0.2.1", 0)


CHAIN = "192.0.2.1, 10.0.0.9"
EVERYBODY = ("*", "0.0.0.0/0", "10.0.0.1,0.0.0.0/1,128.0.0.0/1")


@pytest.mark.parametrize(
    ("peer", "header", "proxies", "trusted", "client"),
    [
        (("10.1.0.1", 80), CHAIN, 2, "10.0.0.0/24", ("10.1.0.1", 80)),  # not trusted
        (PROXY, CHAIN, 0, "10.0.0.0/24", CLIENT),
        (PROXY, "unknown, 10.0.0.9", 0, "10.0.0.0/24", PROXY),
        (PROXY, f"198.51.100.1, {CHAIN}", 2, "10.0.0.1", CLIENT),
        (PROXY, f"198.51.100.1, {CHAIN}", 2, "*", CLIENT),
        (PROXY, f"198.51.100.1, {CHAIN}", 2, "0.0.0.0/0", CLIENT),
        (PROXY, None, 0, "*", PROXY),
        (PROXY, "192.0.2.1,", 0, "*", PROXY),
        (None, None, 0, "*", None),  # behind a socket file
        *((PROXY, CHAIN, 0, every, ("10.0.0.9", 0)) for every in EVERYBODY),
        (("2001:db8::9", 80), "2001:db8::1, 2001:db8::2", 0, "::/0", ("2001:db8::2", 0)),
        (PROXY, CHAIN, 0, "::/0", PROXY),
        (PROXY, "10.0.0.4, 10.0.0.5", 0, "10.0.0.0/24", ("10.0.0.5", 0)),  # the first is a claim
    ],
)
async def test_the_client_behind_the_peers_that_uvicorn_trusts(
    peer: Any, header: str | None, proxies: int, trusted: str, client: Any
) -> None:
    """Its own middleware reads the header first. Whom it trusts, never lets a client choose."""
    given: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        given.update(scope)

    async def unused(*_: Any) -> Any:
        raise AssertionError

    config = Config(application, forwarded_allow_ips=trusted, lifespan="off", log_config=None)
    config.load()
    peers = trusted_peers(config)
    lines = [] if header is None else [(b"x-forwarded-for", header.encode())]
    scope = {"type": "http", "headers": lines, "client": peer}
    await with_peer(config.loaded_app)(scope, unused, unused)

    assert with_client(given, proxies=proxies, trusted=peers)["client"] == client
