"""Frames below a message on each server: counted, refused with 4505, and parsed no further."""

import time

import pytest

from tests.clients.rest import token_of
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.raw_peer import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    Ending,
    Peer,
    all_at_once,
    frame,
    upgrade,
)
from tests.integration.config.servers.served import Command, all_servers, metric, servers

REFUSED = Ending(4505, "Too many pings, fragments or empty messages.")
MOST = 20 * 1024 * 1024
ALLOWED = 10 * 1024 * 1024
"""Bytes that the kernel may keep on the way, on both sides of the connection, whatever the server
does: the most of Linux' `tcp_rmem` and `tcp_wmem`."""

BEGUN = frame(TEXT, b"{", final=False)
FLOODS = {
    "pings": (b"", frame(PING)),
    "pings of 125 bytes": (b"", frame(PING, b"x" * 125)),
    "pongs": (b"", frame(PONG)),
    "empty fragments": (BEGUN, frame(CONTINUATION, final=False)),
    "fragments of a byte": (BEGUN, frame(CONTINUATION, b" ", final=False)),
    "pings within a message": (BEGUN, frame(PING) + frame(CONTINUATION, b" ", final=False)),
    "empty messages": (b"", frame(TEXT)),
    "empty binary messages": (b"", frame(BINARY)),
    "binary messages of a byte": (b"", frame(BINARY, b"x")),
    "messages of two fragments": (b"", frame(TEXT, final=False) + frame(CONTINUATION)),
}


def eventually_empty(port: int) -> None:
    """Wait until no socket is left."""
    end = time.monotonic() + PATIENCE
    while metric(port, "chat_sockets"):
        assert time.monotonic() < end, "Sockets are left over."
        time.sleep(0.01)


@all_servers
def test_floods_end_with_a_refusal(command: Command, serve: Serve) -> None:
    """Each kind, by somebody with a token and by nobody. Little of it is taken from the client."""
    port, _ = serve(command)
    refused = 'chat_sockets_refused_total{reason="too_many_frames"}'
    before = metric(port, refused)

    def pour(name: str) -> None:
        first, flood = FLOODS[name]
        with Peer(port) as peer:
            peer.open(token_of(name.replace(" ", "-")))
            assert peer.next_frame()[0] == TEXT
            peer.send(first)
            sent = peer.pour(flood * 5_000, MOST)
            ending = peer.ending()
            assert ending.code == 4505, name
            assert ending.reason, name
            assert sent < ALLOWED, name
        with Peer(port) as peer:
            peer.open()
            assert peer.pour(first + flood * 5_000, MOST) < ALLOWED, name
            assert peer.ending().code in {4501, 4505, None}, name

    all_at_once(pour, FLOODS)
    assert metric(port, refused) > before
    eventually_empty(port)


@servers
def test_frames_that_come_with_the_handshake(command: Command, serve: Serve) -> None:
    """Before the answer to it a client has nothing to say."""
    port, _ = serve(command)
    with Peer(port) as peer:
        peer.send(upgrade(token=token_of("ann")) + frame(PING) * 20_000)
        assert peer.pour(frame(PING) * 5_000, MOST) < ALLOWED
        peer.seconds_until_closed()
    eventually_empty(port)


@servers
def test_a_few_pings_and_fragments_are_fine(command: Command, serve: Serve) -> None:
    """Pings are answered, and a command may come in as many fragments as a frame has KiB."""
    port, _ = serve(command)
    with Peer(port) as peer:
        peer.open(token_of("ann"))
        assert peer.next_frame()[0] == TEXT
        for number in range(50):
            peer.send(frame(PING, str(number).encode()))
            assert peer.next_frame() == (PONG, str(number).encode())
        text = b'{"id": 1, "type": "ping"}' + b" " * 60_000
        for start in range(0, len(text), 500):
            last = start + 500 >= len(text)
            opcode = CONTINUATION if start else TEXT
            peer.send(frame(opcode, text[start : start + 500], final=last))
        assert b'"reply"' in peer.next_frame()[1]
        for _ in range(100):  # thousands of valid commands are taken one after the other
            peer.send(frame(TEXT, b'{"id": 1, "type": "ping"}'))
            assert peer.next_frame()[0] == TEXT
        peer.send(frame(CLOSE, (1000).to_bytes(2)))
        assert peer.ending().code == 1000


@servers
@pytest.mark.parametrize("cut", [False, True])
def test_a_message_that_is_too_large(command: Command, serve: Serve, cut: bool) -> None:
    """In one frame, which is refused by its header, or in fragments."""
    port, _ = serve(command)
    with Peer(port) as peer:
        peer.open(token_of("ann"))
        assert peer.next_frame()[0] == TEXT
        if cut:
            peer.send(frame(TEXT, b"x" * 4096, final=False))
            peer.pour(frame(CONTINUATION, b"x" * 4096, final=False), 160 * 1024)
        else:
            peer.send(frame(TEXT, b"x" * (128 * 1024 + 1))[:14])
        assert peer.ending() == Ending(1009, "A message has at most 128 KiB.")


@servers
def test_long_answers_are_sent_and_large_commands_answered(command: Command, serve: Serve) -> None:
    """A frame above the limit and below the largest message gets an error, not the end."""
    port, _ = serve(command)
    with Peer(port) as peer:
        peer.open(token_of("ann"))
        assert peer.next_frame()[0] == TEXT
        peer.send(frame(TEXT, b" " * 100_000))
        assert b"payload_too_large" in peer.next_frame()[1]


@servers
def test_a_closing_socket_is_not_parsed(command: Command, serve: Serve) -> None:
    """A client that goes on after it was refused is cut off; it cannot keep the connection."""
    port, _ = serve(command)
    with Peer(port) as peer:
        peer.open("not-a-token")
        assert peer.ending().code == 4501
        assert peer.pour(frame(TEXT, b"{}" * 1000) * 100, MOST) < ALLOWED
        assert peer.seconds_until_closed() < 12
