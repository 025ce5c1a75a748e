"""The gate in front of a WebSocket parser: counts small frames, and passes on few at a time.

A server parses everything it reads in one step, and answers each ping within it. 256 KiB can hold
some 40,000 pings, and meanwhile the event loop serves nobody. This gate reads only frame headers
(RFC 6455 5.2), skips payloads, and works on the bytes before any server's parser.
"""

import time
from collections.abc import Callable
from enum import Enum, auto

from websockets.speedups import apply_mask

MAX_MESSAGE_BYTES = 128 * 1024
"""The bound of one message, with all its fragments. The application's own limit is half of it and
gets an answer; this one closes the socket."""

_BURST = 200
_PER_SECOND = 10.0
"""The small frames that one socket may send: at once, and over time. Browsers send none by
themselves, and answer one ping of the server every 20 seconds."""

_SMALL_FRAGMENT = 1024
"""Bytes. A larger fragment is bounded by the size of its message."""
_SHORTEST_COMMAND = 2
"""Bytes of `{}`. A shorter message cannot be a command."""

_WHOLE_TEXT = 0x81
_MASKED = 0x80
_SHORT_HEADER = 6
"""The bytes of the header of a masked frame whose length fits into the second byte."""
_LONGEST_SHORT = 125
"""The bytes of its payload."""

_MESSAGES_AHEAD = 32
"""The messages passed on that the application has not taken yet."""
_BYTES_AHEAD = 64 * 1024
"""Their bytes, unless one message alone has more."""
_MAX_WAITING = 64 * 1024
"""The bytes kept until the handshake is complete."""
_FRAMES_AFTER_CLOSE = 64
_BYTES_AFTER_CLOSE = 2 * MAX_MESSAGE_BYTES
"""The bytes that may still arrive from a client that has not seen the close frame yet."""


class Refusal(Enum):
    """Why a socket is closed."""

    TOO_MANY_FRAMES = auto()
    TOO_LARGE = auto()
    """A message above `MAX_MESSAGE_BYTES`."""
    UNREADABLE = auto()
    """The client sends before the handshake is complete, or continues after the end."""


class FrameGate:
    """Passes the frames of one client to its parser until `refuse` is called; then passes nothing
    on.

    `deliver` gets whole or partial frames, in order. `refuse` is called at most once.
    """

    __slots__ = (
        "_ahead",
        "_at",
        "_bytes_ahead",
        "_bytes_left",
        "_clock",
        "_deliver",
        "_frames_left",
        "_handing_over",
        "_level",
        "_message_bytes",
        "_opened",
        "_refuse",
        "_refused",
        "_skip",
        "_stalled",
        "_waiting",
        "_within_message",
        "take_text",
    )

    def __init__(
        self,
        *,
        deliver: Callable[[bytes], None],
        refuse: Callable[[Refusal], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver = deliver
        self._refuse = refuse
        self._clock = clock
        self._waiting = b""
        """The bytes not passed on yet, from a frame boundary or within a payload."""
        self._skip = 0
        """The bytes of the current payload that are still missing."""
        self._message_bytes = 0
        self._level = 0.0
        self._at = clock()
        self._ahead = self._bytes_ahead = 0
        self._stalled = False
        self._opened = False
        self._refused = False
        self._handing_over = False
        self._within_message = False
        """Whether a message has begun whose last fragment is missing."""
        self.take_text: Callable[[bytes], bool] | None = None
        """Takes the unmasked payload of a whole text message, instead of the parser. It may return
        False; then the parser gets the frame."""
        self._frames_left: int | None = None
        self._bytes_left = _BYTES_AFTER_CLOSE

    @property
    def refused(self) -> bool:
        return self._refused

    @property
    def holds(self) -> bool:
        """Return whether frames wait for the application, so that nothing more should be read."""
        return self._stalled

    def open(self) -> None:
        """Start to pass on frames: the handshake is complete."""
        self._opened = True
        self._hand_over()

    def taken(self) -> None:
        """Record that the application has taken one message."""
        self._ahead = max(self._ahead - 1, 0)
        if not self._ahead:
            self._bytes_ahead = 0
        if self._handing_over:
            return
        if self._stalled and self._ahead <= _MESSAGES_AHEAD // 2 and not self._is_full:
            self._hand_over()

    def closing(self) -> None:
        """Record that the close frame was sent. A little more is passed on, so that the parser
        finds the client's own close frame, and nothing beyond."""
        self._frames_left = _FRAMES_AFTER_CLOSE
        if self._waiting and not self._handing_over:
            self._hand_over()

    def feed(self, data: bytes) -> None:
        """Take the bytes read from the client."""
        if self.take_text is not None and self._is_at_rest and _is_short_text(data):
            self._pass_short_text(data)
            return
        if self._refused:
            return
        if self._frames_left is not None:
            self._bytes_left -= len(data)
            if self._bytes_left < 0:
                self._stop(Refusal.UNREADABLE)
                return
        self._waiting = self._waiting + data if self._waiting else data
        if self._opened:
            if not self._stalled:
                self._hand_over()
        elif len(self._waiting) > _MAX_WAITING:
            self._stop(Refusal.UNREADABLE)

    def end(self) -> None:
        """Forget who uses the gate: the connection is lost. Their references to each other would
        keep both until the garbage collector scans everything."""
        self._waiting = b""
        self._deliver = self._refuse = _nothing
        self.take_text = None

    @property
    def _is_at_rest(self) -> bool:
        """Return whether the next byte begins a message, no earlier one waits for the application,
        and neither side has closed."""
        return self._opened and not (
            self._ahead
            or self._waiting
            or self._skip
            or self._within_message
            or self._refused
            or self._frames_left is not None
        )

    def _pass_short_text(self, data: bytes) -> None:
        """Do with one short text what `_walk` does. Most clients send nothing else at a time."""
        self._ahead, self._bytes_ahead = 1, len(data) - _SHORT_HEADER
        self._handing_over = True  # what takes the message may close the socket
        try:
            payload = apply_mask(data[_SHORT_HEADER:], data[2:_SHORT_HEADER])
            taken = self.take_text is not None and self.take_text(payload)
        finally:
            self._handing_over = False
        if not taken:
            self._deliver(data)

    def _hand_over(self) -> None:
        """Pass on everything up to the first frame that must wait."""
        self._handing_over = True  # what takes a message may close the socket
        try:
            self._walk()
        finally:
            self._handing_over = False

    def _walk(self) -> None:
        data, end = self._waiting, len(self._waiting)
        begin = 0
        """The first byte that is not passed on yet."""
        position = min(self._skip, end)
        self._skip -= position
        self._stalled = False
        while position < end:
            if self._frames_left is None and self._is_full:
                self._stalled = True
                break
            header = _header(data, position)
            if header is None:
                break
            size, length = header
            payload, after = position + size, position + size + length
            is_text = self._is_whole_text(data[position], data[position + 1]) and after <= end
            refusal = self._judge(data[position], length)
            if refusal is not None:
                self._stop(refusal)
                return
            if is_text and self.take_text is not None:
                if begin < position:
                    self._deliver(data[begin:position])
                    begin = position
                if self.take_text(apply_mask(data[payload:after], data[payload - 4 : payload])):
                    begin = after
            position = after
        if position > end:
            self._skip, position = position - end, end
        self._waiting = data[position:]
        if begin < position:
            self._deliver(data[begin:position])

    def _is_whole_text(self, first: int, second: int) -> bool:
        """Return whether these are the first bytes of a masked text frame that is a message of its
        own, and to which the parser has no objection."""
        return (
            first == _WHOLE_TEXT
            and second >= _MASKED
            and not self._within_message
            and self._frames_left is None
        )

    def _judge(self, first: int, length: int) -> Refusal | None:
        """Count one frame, by the first byte of its header and the length of its payload."""
        final, opcode = first & 0x80, first & 0x0F
        below = opcode >= 8
        if not below:
            self._message_bytes = length + (self._message_bytes if opcode == 0 else 0)
            if self._message_bytes > MAX_MESSAGE_BYTES:
                return Refusal.TOO_LARGE
            self._within_message = not final
            if final:
                self._ahead += 1
                self._bytes_ahead += self._message_bytes
                below = self._message_bytes < _SHORTEST_COMMAND
            else:
                below = length < _SMALL_FRAGMENT
        if self._frames_left is not None:
            self._frames_left -= 1
            return Refusal.UNREADABLE if self._frames_left < 0 else None
        return Refusal.TOO_MANY_FRAMES if below and self._overflows() else None

    @property
    def _is_full(self) -> bool:
        """Return whether enough waits for the application. Bytes count until it has taken all."""
        return self._ahead >= _MESSAGES_AHEAD or (
            self._ahead > 0 and self._bytes_ahead >= _BYTES_AHEAD
        )

    def _overflows(self) -> bool:
        now = self._clock()
        self._level = max(self._level - (now - self._at) * _PER_SECOND, 0.0) + 1
        self._at = now
        return self._level > _BURST

    def _stop(self, refusal: Refusal) -> None:
        self._refused = True
        self._waiting = b""
        self._refuse(refusal)


def _nothing(_: object) -> None:
    pass


def _is_short_text(data: bytes) -> bool:
    """Return whether these bytes are one masked text message, no shorter than a command and no
    longer than a short header says."""
    length = len(data) - _SHORT_HEADER
    return (
        _SHORTEST_COMMAND <= length <= _LONGEST_SHORT
        and data[1] == _MASKED | length
        and data[0] == _WHOLE_TEXT
    )


def _header(data: bytes, position: int) -> tuple[int, int] | None:
    """Return the sizes in bytes of the header at `position` and of its payload; None if the header
    is incomplete."""
    present = len(data) - position
    if present < 2:
        return None
    second = data[position + 1]
    length = second & 0x7F
    extended = {126: 2, 127: 8}.get(length, 0)
    size = 2 + extended + (4 if second & 0x80 else 0)
    if present < size:
        return None
    if extended:
        length = int.from_bytes(data[position + 2 : position + 2 + extended])
    return size, length
