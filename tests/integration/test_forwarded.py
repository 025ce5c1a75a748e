"""Behind a proxy a client is who the proxy says: what it sent itself is not believed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from config.servers.forwarded import nearest_address
from tests.integration.raw_peer import Peer, upgrade
from tests.integration.served import Command, bare_daphne, bare_uvicorn, served
from tests.integration.test_refused_sockets import BURST, with_few


def uvicorn(port: int) -> Sequence[str]:
    return [*with_few(bare_uvicorn)(port), "--forwarded-allow-ips", "*"]


def daphne(port: int) -> Sequence[str]:
    *rest, application = with_few(bare_daphne)(port)
    return [*rest, "--proxy-headers", application]


def status(port: int, *lines: str) -> int:
    """Of a request without a token with these lines of `X-Forwarded-For`."""
    head = "".join(f"X-Forwarded-For: {line}\r\n" for line in lines)
    with Peer(port) as peer:
        peer.send(f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())
        return peer.answer()[0]


@pytest.mark.parametrize("command", [uvicorn, daphne])
def test_a_client_behind_a_proxy_that_appends_has_one_address(
    command: Command, tmp_path: Path
) -> None:
    """Whatever stood in the header before, in one line or in two, over HTTP and at the socket."""
    with served(command, tmp_path) as (port, _):
        one = [status(port, f"198.51.100.{n}, 192.0.2.1") for n in range(BURST + 1)]
        two = [status(port, f"198.51.100.{n}", "192.0.2.2:1234") for n in range(BURST + 1)]
        assert [one, two] == [[401] * BURST + [429]] * 2

        for number in range(BURST):
            with Peer(port) as peer:
                forged = f"X-Forwarded-For: 198.51.100.{number}, 192.0.2.3"
                peer.send(upgrade("/ws/nothing", None, forged))
                assert peer.head()[9:12] == "403"
        assert status(port, "192.0.2.3") == 429
        assert status(port, "192.0.2.4") == 401


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([], ""),
        ([b"192.0.2.1"], "192.0.2.1"),
        ([b"10.0.0.1, 192.0.2.1"], "192.0.2.1"),
        ([b"10.0.0.1", b"192.0.2.1 "], "192.0.2.1"),
        ([b"x, 192.0.2.1:4711"], "192.0.2.1"),
        ([b"[2001:db8::1]:4711"], "2001:db8::1"),
        ([b"2001:DB8::1"], "2001:db8::1"),
        ([b"192.0.2.1, unknown"], "unknown"),
        ([b"\xff"], "\xff"),
    ],
)
def test_the_nearest_address(lines: Sequence[bytes], address: str) -> None:
    """A port makes no other address, or each connection of a client would have its own."""
    assert nearest_address(lines) == address
