"""The handshake under uvicorn, whose HTTP parser has read it: `websockets` decides as it does about
one that it has parsed itself.

It still parses one with a `Content-Length`.
"""

from collections.abc import Sequence

import pytest

from tests.clients.rest import token_of
from tests.frames import read_frame
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.raw_peer import TEXT, Peer, frame
from tests.servers.commands import serve_command

_KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
_ACCEPT = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="
"""The answer to this key (RFC 6455 1.3), in lower case."""
_UPGRADE = ["Upgrade: websocket", "Connection: keep-alive, Upgrade"]
_VERSION = "Sec-WebSocket-Version: 13"

parsers = pytest.mark.parametrize("more", [[], ["Content-Length: 0"]], ids=["http", "websockets"])


def handshake(headers: Sequence[str], *, method: str = "GET", path: str = "/ws/v1") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


@parsers
@pytest.mark.parametrize("path", ["/ws/v1", "/ws/v1?from=a%20page"])
def test_accepted(serve: Serve, more: Sequence[str], path: str) -> None:
    """Also with names in any case, values that are not in ASCII, and commands right behind it."""
    port, _ = serve(serve_command)
    authorization = f"AUTHORIZATION:   Bearer {token_of('ann')} \t"
    headers = [*_UPGRADE, _KEY.upper()[:18] + _KEY[18:], _VERSION, "X-Name: Zo\xeb", authorization]
    with Peer(port) as peer:
        peer.send(handshake([*headers, *more], path=path))
        head = peer.head().lower()
        assert head.startswith("http/1.1 101")
        assert _ACCEPT in head
        peer.send(frame(TEXT, b'{"id": 1, "type": "ping"}'))
        assert read_frame(peer.next_frame()[1])["type"] == "hello"
        assert read_frame(peer.next_frame()[1])["type"] == "reply"


@parsers
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([*_UPGRADE, _VERSION], 400),
        ([*_UPGRADE, _KEY], 400),
        ([*_UPGRADE, _VERSION, _KEY, _KEY], 400),
        ([*_UPGRADE, _VERSION, "Sec-WebSocket-Key: short"], 400),
        ([*_UPGRADE, "Sec-WebSocket-Version: 12", _KEY], 400),
        (
            [*_UPGRADE, _VERSION, _KEY, "Origin: https://a.example", "Origin: https://b.example"],
            400,
        ),
    ],
)
def test_refused(serve: Serve, more: Sequence[str], headers: Sequence[str], status: int) -> None:
    port, _ = serve(serve_command)
    with Peer(port) as peer:
        peer.send(handshake([*headers, *more]))
        assert int(peer.head()[9:12]) == status


@parsers
def test_another_method(serve: Serve, more: Sequence[str]) -> None:
    port, _ = serve(serve_command)
    with Peer(port) as peer:
        peer.send(handshake([*_UPGRADE, _VERSION, _KEY, *more], method="POST"))
        assert int(peer.head()[9:12]) == 405
