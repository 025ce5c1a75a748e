"""The gate in front of the WebSocket parsers, by bytes alone."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.servers.frame_gate import MAX_MESSAGE_BYTES, FrameGate, Refusal
from tests.integration.config.servers.raw_peer import BINARY, CONTINUATION, PING, PONG, TEXT, frame

COMMAND = frame(TEXT, b'{"id": 1}')
MESSAGES_AHEAD = 32
BURST = 200


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Gated:
    """A gate, what it handed over, and what it said."""

    def __init__(self, *, opened: bool = True, takes: Callable[[], bool] | None = None) -> None:
        """With `takes`, something takes whole texts past the parser whenever it returns True."""
        self.clock = Clock()
        self.delivered = b""
        self.taken: list[bytes] = []
        self.refusals: list[Refusal] = []
        self.gate = FrameGate(deliver=self._deliver, refuse=self.refusals.append, clock=self.clock)
        if takes is not None:
            self.gate.take_text = self._take
        self._takes = takes
        if opened:
            self.gate.open()

    def _deliver(self, data: bytes) -> None:
        self.delivered += data

    def _take(self, payload: bytes) -> bool:
        if self._takes is None or not self._takes():
            return False
        self.taken.append(payload)
        self.delivered += frame(TEXT, payload)
        return True


@given(
    st.lists(
        st.tuples(
            st.sampled_from([TEXT, BINARY, CONTINUATION, PING, PONG]), st.binary(max_size=70_000)
        ),
        max_size=MESSAGES_AHEAD - 1,
    ),
    st.none() | st.lists(st.integers(min_value=1, max_value=100_000), max_size=50),
    st.none() | st.lists(st.booleans(), min_size=1),
)
def test_what_is_allowed_arrives_as_it_was_sent(
    frames: list[tuple[int, bytes]], cuts: list[int] | None, takes: list[bool] | None
) -> None:
    """However TCP cuts it, mostly after each frame, and whichever texts are taken past the
    parser."""
    gated = Gated(takes=None if takes is None else partial(next, itertools.cycle(takes)))
    framed = [
        frame(opcode, payload[:125] if opcode >= 8 else payload) for opcode, payload in frames
    ]
    sent = b"".join(framed)
    if cuts is None:
        cuts = [len(one) for one in framed]
    too_large = False
    size = 0
    for opcode, payload in frames:
        if opcode < 8:
            size = len(payload) + (size if opcode == CONTINUATION else 0)
            too_large |= size > MAX_MESSAGE_BYTES
    position = 0
    for cut in [*cuts, len(sent)]:
        gated.gate.feed(sent[position : position + cut])
        position += cut
        gated.gate.taken()
    for _ in frames:
        gated.gate.taken()

    if too_large:
        assert gated.refusals == [Refusal.TOO_LARGE]
    else:
        assert gated.refusals == []
        assert gated.delivered == sent


@pytest.mark.parametrize("flood", [PING, PONG, CONTINUATION])
def test_frames_below_a_message_are_counted(flood: int) -> None:
    gated = Gated()
    gated.gate.feed(frame(TEXT, b"{", final=False))
    one = frame(flood, final=flood != CONTINUATION)
    gated.gate.feed(one * (BURST - 1))
    assert gated.refusals == []

    gated.gate.feed(one)

    assert gated.refusals == [Refusal.TOO_MANY_FRAMES]
    before = gated.delivered
    gated.gate.feed(one * 1_000_000)
    assert gated.delivered == before
    assert gated.refusals == [Refusal.TOO_MANY_FRAMES]


def test_they_are_allowed_again_after_a_while() -> None:
    """Ten a second, for as long as it may be."""
    gated = Gated()
    for _ in range(10_000):
        gated.clock.now += 0.1
        gated.gate.feed(frame(PING))

    assert gated.refusals == []


def test_few_messages_are_handed_over_at_once() -> None:
    """The others wait until the application has taken some, and all arrive."""
    gated = Gated()
    gated.gate.feed(COMMAND * 5_000)
    assert gated.delivered == COMMAND * MESSAGES_AHEAD
    assert gated.gate.holds

    for _ in range(5_000):
        gated.gate.taken()

    assert gated.delivered == COMMAND * 5_000
    assert not gated.gate.holds


def test_few_bytes_are_handed_over_at_once() -> None:
    """The next large message waits until the application has taken all before it."""
    gated = Gated()
    large = frame(TEXT, b"x" * 50_000)
    gated.gate.feed(large * 4)
    assert gated.delivered == large * 2
    assert gated.gate.holds
    gated.gate.taken()
    assert gated.delivered == large * 2

    gated.gate.taken()
    assert gated.delivered == large * 4


def test_nothing_is_handed_over_before_the_handshake_is_complete() -> None:
    gated = Gated(opened=False)
    gated.gate.feed(COMMAND)
    assert gated.delivered == b""

    gated.gate.open()
    assert gated.delivered == COMMAND


def test_before_the_handshake_little_is_kept() -> None:
    gated = Gated(opened=False)
    gated.gate.feed(COMMAND * 10_000)

    assert gated.refusals == [Refusal.UNREADABLE]


def test_a_message_is_refused_by_its_header() -> None:
    """Before its bytes come, and its fragments count together."""
    gated = Gated()
    gated.gate.feed(frame(TEXT, b"x" * (MAX_MESSAGE_BYTES + 1))[:14])
    assert gated.refusals == [Refusal.TOO_LARGE]

    gated = Gated()
    gated.gate.feed(frame(TEXT, b"x" * MAX_MESSAGE_BYTES, final=False))
    assert gated.refusals == []
    gated.gate.feed(frame(CONTINUATION, b"x"))
    assert gated.refusals == [Refusal.TOO_LARGE]


def test_a_closing_socket_is_read_a_little_further() -> None:
    """So that the client's close frame is found behind what was on the way."""
    gated = Gated()
    gated.gate.feed(COMMAND * 50)
    gated.gate.closing()
    assert gated.delivered == COMMAND * 50

    gated.gate.feed(COMMAND * 1_000)

    assert gated.refusals == [Refusal.UNREADABLE]


# Texts past the parser


def masked(payload: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 2, 125, 126, 70_000])
def test_a_whole_text_is_unmasked(size: int) -> None:
    gated = Gated(takes=lambda: True)
    key, payload = b"\x01\x80\xff\x37", b"a\xc3\xa9b"[: size or 0] * (size // 4 + 1)
    payload = payload[:size]
    plain = frame(TEXT, payload)
    head = plain[: len(plain) - size - 4]

    gated.gate.feed(head + key + masked(payload, key))

    assert gated.taken == [payload]
    assert gated.delivered == plain


RESERVED = bytes([frame(TEXT)[0] | 0x40]) + frame(TEXT, b"{}")[1:]
UNMASKED = b"\x81\x02{}"
LEFT_TO_THE_PARSER = {
    "a reserved bit": RESERVED,
    "unmasked": UNMASKED,
    "binary": frame(BINARY, b"{}"),
    "a fragment": frame(TEXT, b"{}", final=False),
    "a continuation": frame(CONTINUATION, b"{}"),
    "a text within a message": frame(TEXT, b"{", final=False) + frame(TEXT, b"{}"),
    "the same behind a ping": frame(TEXT, b"{", final=False) + frame(PING) + frame(TEXT, b"{}"),
    "a text without its end": frame(TEXT, b"{}")[:-1],
}


@pytest.mark.parametrize("data", LEFT_TO_THE_PARSER.values(), ids=LEFT_TO_THE_PARSER.keys())
def test_the_parser_judges_everything_else(data: bytes) -> None:
    gated = Gated(takes=lambda: True)
    gated.gate.feed(data)

    assert gated.taken == []
    assert gated.delivered == data


def test_texts_are_taken_again_behind_it() -> None:
    """At the next boundary of frames, and of messages."""
    gated = Gated(takes=lambda: True)
    text = frame(TEXT, b"{}")
    gated.gate.feed(text[:-1])
    gated.gate.feed(text[-1:] + text)
    assert gated.taken == [b"{}"]
    gated.gate.feed(frame(TEXT, b"{", final=False) + frame(PING) + frame(CONTINUATION, b"}") + text)

    assert gated.taken == [b"{}", b"{}"]


BEFORE_IT = {
    "a fragment": lambda gate: gate.feed(frame(TEXT, b"{", final=False)),
    "a part of a frame": lambda gate: gate.feed(frame(TEXT, b"x" * 200)[:-100]),
    "a close": lambda gate: gate.closing(),
}


@pytest.mark.parametrize("act", BEFORE_IT.values(), ids=BEFORE_IT.keys())
def test_what_came_in_an_earlier_read_counts(act: Callable[[FrameGate], None]) -> None:
    gated = Gated(takes=lambda: True)
    act(gated.gate)
    gated.gate.feed(frame(TEXT, b"{}"))

    assert gated.taken == []


@pytest.mark.parametrize("size", [2, 200])
def test_a_text_behind_many_that_wait(size: int) -> None:
    """Waits as well, also in a read of its own."""
    gated, text = Gated(takes=lambda: True), frame(TEXT, b"x" * size)
    for _ in range(MESSAGES_AHEAD + 1):
        gated.gate.feed(text)
    assert len(gated.taken) == MESSAGES_AHEAD
    assert gated.gate.holds

    for _ in range(MESSAGES_AHEAD // 2):
        gated.gate.taken()
    assert len(gated.taken) == MESSAGES_AHEAD + 1


def test_a_text_that_closes_the_socket() -> None:
    """What is behind it goes to the parser, once."""

    def close() -> bool:
        gated.gate.closing()
        return True

    gated = Gated(takes=close)
    gated.gate.feed(COMMAND * 3)

    assert gated.taken == [COMMAND[6:]]
    assert gated.delivered == COMMAND * 3
