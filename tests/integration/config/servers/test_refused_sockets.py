"""Sockets that are refused without a look at a token count for their address, too."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.config.servers.raw_peer import Peer, upgrade
from tests.integration.config.servers.served import Command, bare_daphne, bare_uvicorn, served

BURST = 5
"""As `few_strangers_asgi` has it."""


def with_few(command: Command) -> Command:
    def with_few_strangers(port: int) -> Sequence[str]:
        few = "tests.integration.config.servers.few_strangers_asgi:application"
        return [few if word == "config.asgi:application" else word for word in command(port)]

    return with_few_strangers


def status(port: int, address: str) -> int:
    """Of a request without a token."""
    with Peer(port, address) as peer:
        peer.send(b"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return peer.answer()[0]


def refuse_path(port: int, address: str) -> None:
    with Peer(port, address) as peer:
        peer.send(upgrade("/ws/nothing"))
        assert peer.head()[9:12] == "403"


def refuse_origin(port: int, address: str) -> None:
    with Peer(port, address) as peer:
        peer.send(upgrade("/ws/v1", None, "Origin: https://other.example"))
        assert peer.head()[9:12] == "101"
        assert peer.ending().code == 4504


@pytest.mark.parametrize("command", [bare_uvicorn, bare_daphne])
def test_refused_sockets_use_up_the_room_of_their_address(command: Command, tmp_path: Path) -> None:
    """Beyond it they are refused all the same, for the same reason."""
    with served(with_few(command), tmp_path) as (port, _):
        for address, refuse in (("127.0.0.2", refuse_path), ("127.0.0.3", refuse_origin)):
            assert status(port, address) == 401
            for _ in range(BURST + 1):
                refuse(port, address)
            assert status(port, address) == 429
