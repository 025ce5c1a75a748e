"""The cases of RFC 6455 on each server: masks, lengths, pieces, extensions and closes.

`test_frames_read` has fragments, control frames and wrong frames.
"""

import struct
from contextlib import suppress

import pytest

from tests.clients.rest import token_of
from tests.frames import read_frame
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.raw_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Peer,
    all_at_once,
    frame,
    upgrade,
)
from tests.integration.config.servers.served import Command, servers
from tests.integration.config.servers.test_frames_read import opened, ping, require_answers
from tests.servers.commands import serve_command

KEYS = [bytes(4), b"\x01\x02\x03\x04", b"\xff\xff\xff\xff", b"\x00\x80\x7f{"]
LENGTHS = [40, 125, 126, 127, 128, 200, 201, 65_535, 65_536]
"""The bounds of each form of a length, and of a command that may run at once."""


def masked(opcode: int, payload: bytes, key: bytes, *, final: bool = True) -> bytes:
    """A frame with this masking key (5.3)."""
    plain = frame(opcode, payload, final=final)
    head = plain[: len(plain) - len(payload) - 4]
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def padded(command_id: int, length: int) -> bytes:
    """A ping of exactly so many bytes."""
    return ping(command_id)[:-1].ljust(length - 1) + b"}"


@servers
@pytest.mark.parametrize("key", KEYS, ids=[key.hex() for key in KEYS])
def test_masks_and_lengths(command: Command, serve: Serve, key: bytes) -> None:
    """Any key, and each form of a length (5.2, 5.3)."""
    port, _ = serve(command)
    with opened(port, "ann") as peer:
        for length in LENGTHS:
            peer.send(masked(TEXT, padded(length, length), key))
            require_answers(peer, [length])
        payload = padded(1, 60)
        peer.send(
            masked(TEXT, payload[:20], key, final=False)
            + masked(PING, b"between", key)
            + masked(CONTINUATION, payload[20:], key)
        )
        assert peer.next_frame() == (PONG, b"between")
        require_answers(peer, [1])


@servers
def test_pieces(command: Command, serve: Serve) -> None:
    """The network may cut a frame anywhere (5.4 leaves that to TCP)."""
    port, _ = serve(command)
    key = KEYS[1]

    def cut(at: int) -> None:
        batch = (
            masked(TEXT, padded(1, 130), key)
            + masked(PING, b"p", key)
            + masked(TEXT, padded(2, 40), key)
        )
        with opened(port, f"cut-{at}") as peer:
            peer.send(batch[:at])
            peer.send(batch[at:])
            frames = [peer.next_frame() for _ in range(3)]
        assert [payload for opcode, payload in frames if opcode == PONG] == [b"p"]
        assert [read_frame(payload)["id"] for opcode, payload in frames if opcode == TEXT] == [1, 2]

    all_at_once(cut, [1, 2, 3, 4, 7, 8, 9, 137, 138, 139, 140, 143, 145, 146, 147])


@servers
@pytest.mark.parametrize("size", [0, 1, 125])
def test_a_ping_is_answered_with_its_payload(command: Command, serve: Serve, size: int) -> None:
    """(5.5.2, 5.5.3); a pong that nobody asked for is ignored."""
    port, _ = serve(command)
    payload = bytes(range(size))
    with opened(port, "ann") as peer:
        peer.send(masked(PONG, b"nobody asked", KEYS[2]) + masked(PING, payload, KEYS[2]))
        assert peer.next_frame() == (PONG, payload)


@servers
@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover, x-unknown; a=1",
    ],
)
def test_extensions_are_declined(command: Command, serve: Serve, offer: str) -> None:
    """Whatever a client offers (9.1). A frame that uses one all the same is refused (5.2)."""
    port, _ = serve(command)
    with Peer(port) as peer:
        offered = upgrade("/ws/v1", token_of("ann"), f"Sec-WebSocket-Extensions: {offer}")
        peer.send(offered)
        head = peer.head().lower()
        assert head.startswith("http/1.1 101")
        assert "sec-websocket-extensions" not in head
        assert peer.next_frame()[0] == TEXT
        peer.send(frame(TEXT, ping(1)))
        require_answers(peer, [1])
        compressed = bytearray(frame(TEXT, ping(2)))
        compressed[0] |= 0x40
        peer.send(bytes(compressed))
        # daphne ends the connection without a close frame (7.1.7 allows that).
        assert peer.ending().code in {1002, None}


SENT: dict[str, tuple[bytes, set[int]]] = {
    "no code": (b"", {0, 1000, 1005}),
    "1000": (struct.pack("!H", 1000), {1000}),
    "a reason": (struct.pack("!H", 1001) + b"going away", {1001}),
    "a code of applications": (struct.pack("!H", 4999) + "é".encode(), {4999}),
    "half a code": (b"\x03", {1002}),
    "a reserved code": (struct.pack("!H", 1005), {1002}),
    "another reserved code": (struct.pack("!H", 1006), {1002}),
    "a code below 1000": (struct.pack("!H", 999), {1002}),
    "a code above 4999": (struct.pack("!H", 5000), {1002}),
}


@pytest.mark.parametrize("name", SENT)
def test_closes_are_answered(serve: Serve, name: str) -> None:
    """With the same code, or with 1002 if it may not be sent (5.5.1, 7.4); then the server ends the
    connection."""
    port, _ = serve(serve_command)
    payload, codes = SENT[name]
    with opened(port, "ann") as peer:
        peer.send(frame(TEXT, ping(1)) + masked(CLOSE, payload, KEYS[1]))
        assert peer.ending().code in codes
        with suppress(OSError):
            peer.send(frame(TEXT, ping(2)))
        assert peer.rest() == b""


@servers
def test_a_binary_message_is_an_error_and_the_socket_stays(command: Command, serve: Serve) -> None:
    port, _ = serve(command)
    with opened(port, "ann") as peer:
        peer.send(masked(BINARY, ping(1), KEYS[1]) + masked(TEXT, ping(2), KEYS[1]))
        require_answers(peer, [None, 2])


@servers
def test_what_is_no_handshake_is_refused(command: Command, serve: Serve) -> None:
    """A version that nobody speaks, and a key that is missing (4.2)."""
    port, _ = serve(command)
    whole = upgrade("/ws/v1", token_of("ann"))
    for was, becomes in (
        (b"Sec-WebSocket-Version: 13\r\n", b"Sec-WebSocket-Version: 12\r\n"),
        (b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b""),
    ):
        with Peer(port) as peer:
            peer.send(whole.replace(was, becomes))
            assert not peer.head().startswith("HTTP/1.1 101")
