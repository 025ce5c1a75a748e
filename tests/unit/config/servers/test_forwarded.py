"""Reading `X-Forwarded-For`: the address at the place that the number of proxies names."""

from collections.abc import Sequence
from typing import Any

import pytest

from config.servers.forwarded import forwarded_address, forwarded_scheme, with_client


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


def scope(client: Any, *, peer: Any = PROXY, header: bytes = b"192.0.2.1, 10.0.0.9") -> Any:
    """As uvicorn's middleware leaves it."""
    return {"headers": [(b"x-forwarded-for", header)], "client": client, "chat.peer": peer}


@pytest.mark.parametrize(
    ("given", "proxies", "every_peer", "client"),
    [
        (scope(PROXY), 2, False, PROXY),  # not trusted
        (scope(CLIENT), 0, False, CLIENT),  # trusted by its address
        (scope(("unknown", 0)), 0, False, PROXY),
        (scope(("198.51.100.1", 0)), 2, False, CLIENT),
        (scope(("198.51.100.1", 0)), 2, True, CLIENT),
        (scope(("198.51.100.1", 0)), 0, True, ("10.0.0.9", 0)),
        (scope(("unknown", 0), header=b"192.0.2.1,"), 0, True, PROXY),
        (scope(None, peer=None, header=b""), 0, True, None),  # behind a socket file
    ],
)
def test_the_client_of_a_scope(given: Any, proxies: int, every_peer: bool, client: Any) -> None:
    assert with_client(given, proxies=proxies, every_peer=every_peer)["client"] == client
