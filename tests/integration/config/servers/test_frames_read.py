"""Messages and control frames as RFC 6455 has them, on each server: read in order, or refused."""

import asyncio
import json
from collections.abc import Iterable

from tests.clients.rest import Rest, http_client, token_of
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
)
from tests.integration.config.servers.served import Command, servers
from tests.servers.commands import serve_command


def ping(command_id: int) -> bytes:
    return json.dumps({"id": command_id, "type": "ping"}).encode()


def in_fragments(payload: bytes, between: bytes = b"") -> bytes:
    """A message of three fragments."""
    return (
        frame(TEXT, payload[:5], final=False)
        + between
        + frame(CONTINUATION, payload[5:9], final=False)
        + between
        + frame(CONTINUATION, payload[9:])
    )


def opened(port: int, user_id: str) -> Peer:
    """A socket after its `hello`."""
    peer = Peer(port)
    peer.open(token_of(user_id))
    assert peer.next_frame()[0] == TEXT
    return peer


def require_answers(peer: Peer, ids: Iterable[int | None]) -> None:
    """Read these answers, in this order; events may come between."""
    for expected in ids:
        while True:
            opcode, payload = peer.next_frame()
            assert opcode == TEXT
            answer = read_frame(payload)
            if answer["type"] in {"reply", "error"}:
                break
        assert answer["id"] == expected, answer


@servers
async def test_messages_are_answered_in_order(command: Command, serve: Serve) -> None:
    """Whether a command waits for the store or not, and however its message is framed."""
    port, _ = serve(command)
    async with http_client(f"http://127.0.0.1:{port}") as http:
        group = (await Rest(http, "ann").create_group("bob", title="Tea"))["id"]

    def send(command_id: int) -> bytes:
        fields = {"conversation_id": group, "client_id": str(command_id), "text": "x"}
        return frame(
            TEXT, json.dumps({"id": command_id, "type": "message.send", **fields}).encode()
        )

    batch = [
        frame(TEXT, ping(1)),
        send(2),
        frame(TEXT, ping(3)),
        frame(TEXT, b'{"id": 4, "type": "activity", "active": true}'),
        in_fragments(ping(5)),
        frame(TEXT, ping(6)),
        send(7),
        in_fragments(ping(8)),
        frame(TEXT, b'{"id": 9, "type": "ping", "more": 1}'),
        frame(BINARY, ping(10)),
        frame(TEXT, ping(11)),
    ]
    ids = [1, 2, 3, 4, 5, 6, 7, 8, 9, None, 11]
    with opened(port, "ann") as peer:
        peer.send(b"".join(batch))
        require_answers(peer, ids)
        for one, command_id in zip(batch, ids, strict=True):
            peer.send(one[:7])
            peer.send(one[7:])
            require_answers(peer, [command_id])


@servers
async def test_what_waits_behind_a_large_message_does_not_overtake_it(
    command: Command, serve: Serve
) -> None:
    """The gate passes it on when the application takes the large one."""
    port, _ = serve(command)
    async with http_client(f"http://127.0.0.1:{port}") as http:
        rest = Rest(http, "ann")
        group = (await rest.create_group("bob", title="Tea"))["id"]

    def send(command_id: int, size: int = 0) -> bytes:
        fields = {"conversation_id": group, "client_id": str(command_id), "text": "x"}
        command = json.dumps({"id": command_id, "type": "message.send", **fields})
        return frame(TEXT, command[:-1].ljust(size - 1).encode() + b"}")

    with opened(port, "ann") as peer:
        for first in (1, 11):
            large = send(first, 65_536)
            peer.send(large[:1_000])
            await asyncio.sleep(0.05)
            peer.send(large[1_000:] + send(first + 1) + frame(TEXT, ping(first + 2)))
            require_answers(peer, [first, first + 1, first + 2])
        for size in (33_000, 65_537):  # two at once, and one that is refused
            batch = send(21 + size, size) + send(22 + size, size) + send(23 + size)
            peer.send(batch + frame(TEXT, ping(24 + size)))
            ids = range(21 + size, 25 + size)
            require_answers(peer, ids if size < 65_537 else [None, None, *ids[2:]])


@servers
def test_control_frames_between_fragments(command: Command, serve: Serve) -> None:
    """They are answered, and the message is whole."""
    port, _ = serve(command)
    with opened(port, "ann") as peer:
        peer.send(in_fragments(ping(1), between=frame(PING, b"p")) + frame(TEXT, ping(2)))
        frames = [peer.next_frame() for _ in range(4)]

    assert [payload for opcode, payload in frames if opcode == PONG] == [b"p", b"p"]
    assert [read_frame(payload)["id"] for opcode, payload in frames if opcode == TEXT] == [1, 2]


WHOLE = frame(TEXT, ping(2))
WRONG = {
    "a reserved bit": (bytes([WHOLE[0] | 0x40]) + WHOLE[1:], 1002),
    "another reserved bit": (bytes([WHOLE[0] | 0x10]) + WHOLE[1:], 1002),
    "an unknown opcode": (bytes([0x83]) + WHOLE[1:], 1002),
    "no mask": (bytes([0x81, len(ping(2))]) + ping(2), 1002),
    "a text within a message": (frame(TEXT, b"{", final=False) + WHOLE, 1002),
    "a continuation of nothing": (frame(CONTINUATION, ping(2)), 1002),
    "a fragmented ping": (frame(PING, final=False), 1002),
    "bytes that are not UTF-8": (frame(TEXT, b"{}\xff"), 1007),
    "half a character": (frame(TEXT, b"{}\xc3"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "a fragment that is not UTF-8": (in_fragments(b"0123456789\xff"), 1007),
}


def test_wrong_frames_end_the_socket(serve: Serve) -> None:
    """With the code of RFC 6455, behind a right message and before one."""
    port, _ = serve(serve_command)

    def break_a_rule(name: str) -> None:
        wrong, code = WRONG[name]
        with opened(port, name.replace(" ", "-")) as peer:
            peer.send(frame(TEXT, ping(1)) + wrong + frame(TEXT, ping(3)))
            assert peer.ending().code == code, name

    all_at_once(break_a_rule, WRONG)


@servers
def test_a_close_between_messages(command: Command, serve: Serve) -> None:
    """What is before it may be answered, what is behind it is not; the close is answered."""
    port, _ = serve(command)
    answered = []
    with opened(port, "ann") as peer:
        peer.send(frame(TEXT, ping(1)) + frame(CLOSE, (1000).to_bytes(2)) + frame(TEXT, ping(2)))
        while (received := peer.next_frame())[0] != CLOSE:
            answered.append(read_frame(received[1])["id"])

    assert answered in ([], [1])
    assert received[1][:2] == (1000).to_bytes(2)
