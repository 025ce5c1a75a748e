"""Behind a proxy a client is who the proxy says: what it sent itself is not believed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from config.development.processes import Process
from tests.integration.config.servers.raw_peer import Peer, upgrade
from tests.integration.config.servers.served import Command, bare_daphne, bare_uvicorn, served
from tests.integration.config.servers.test_refused_sockets import BURST, with_few


def uvicorn(port: int) -> Sequence[str]:
    return [*with_few(bare_uvicorn)(port), "--forwarded-allow-ips", "*"]


def choosy_uvicorn(port: int) -> Sequence[str]:
    """It trusts the peers of these tests by their address."""
    return [*with_few(bare_uvicorn)(port), "--forwarded-allow-ips", "127.0.0.0/8"]


def daphne(port: int) -> Sequence[str]:
    *rest, application = with_few(bare_daphne)(port)
    return [*rest, "--proxy-headers", application]


def status(port: int, *lines: str, address: str = "127.0.0.1") -> int:
    """Of a request without a token with these lines of `X-Forwarded-For`."""
    head = "".join(f"X-Forwarded-For: {line}\r\n" for line in lines)
    with Peer(port, address) as peer:
        peer.send(f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode("latin-1"))
        return peer.answer()[0]


def open_unknown_path(port: int, line: str) -> None:
    with Peer(port) as peer:
        peer.send(upgrade("/ws/nothing", None, f"X-Forwarded-For: {line}"))
        assert peer.head()[9:12] == "403"


HOSTILE = ("", ",", "x,", "unknown", "192.0.2.999", "1.2.3.4:5:6", "[", "\xff", "a" * 300)
"""Values that name no client; each would be another address, or none, if it were believed."""
SCHEMES = (b"gopher", b"\xff", b"", b"https, http")


def assert_hostile_values_leave_the_address_of_the_connection(port: int, process: Process) -> None:
    """They never mean no limits, over HTTP or at the socket; nor does a scheme that does not exist
    break anything."""
    answers = [status(port, line, address="127.0.0.2") for line in HOSTILE]
    assert answers == [401] * BURST + [429] * (len(HOSTILE) - BURST)

    for line in HOSTILE[:BURST]:
        open_unknown_path(port, line)
    assert status(port) == 429
    for number, scheme in enumerate(SCHEMES):
        with Peer(port, f"127.0.1.{number}") as peer:
            forwarded = b"X-Forwarded-For: 192.0.2.9, 192.0.2.10\r\nX-Forwarded-Proto: " + scheme
            peer.send(b"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n" + forwarded + b"\r\n\r\n")
            assert peer.answer()[0] == 404
    assert "Traceback" not in process.output()


@pytest.mark.parametrize("command", [uvicorn, daphne])
def test_a_client_behind_a_proxy_that_appends_has_one_address(
    command: Command, tmp_path: Path
) -> None:
    """Whatever stood in the header before, in one line or in two, over HTTP and at the socket."""
    with served(command, tmp_path) as (port, process):
        one = [status(port, f"198.51.100.{n}, 192.0.2.1") for n in range(BURST + 1)]
        two = [status(port, f"198.51.100.{n}", "192.0.2.2:1234") for n in range(BURST + 1)]
        assert [one, two] == [[401] * BURST + [429]] * 2

        for number in range(BURST):
            open_unknown_path(port, f"198.51.100.{number}, 192.0.2.3")
        assert status(port, "192.0.2.3") == 429
        assert status(port, "192.0.2.4") == 401
        assert_hostile_values_leave_the_address_of_the_connection(port, process)


@pytest.mark.parametrize("command", [uvicorn, choosy_uvicorn, daphne])
def test_a_client_behind_a_balancer_that_appends_itself_has_its_own_address(
    command: Command, tmp_path: Path
) -> None:
    """With two trusted proxies the client is the second from the right."""
    with served(command, tmp_path, TRUSTED_PROXIES="2") as (port, process):
        one = [status(port, f"198.51.100.{n}, 192.0.2.1, 10.0.0.9") for n in range(BURST + 1)]
        assert one == [401] * BURST + [429]
        assert status(port, "192.0.2.2, 10.0.0.9") == 401

        for number in range(BURST):
            open_unknown_path(port, f"198.51.100.{number}, 192.0.2.3, 10.0.0.9")
        assert status(port, "192.0.2.3, 10.0.0.9") == 429
        assert_hostile_values_leave_the_address_of_the_connection(port, process)
