"""Reads one answer of HTTP/1.1 from the bytes of a connection, without input and output.

llhttp parses it, by httptools: uvicorn reads requests with the same parser.
"""

from dataclasses import dataclass

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from messaging.outbound.failures import Failure, NothingAnswered, OutboundFailed

MAX_ANSWER_BYTES = 64 * 1024
"""The most bytes of a body."""
_MAX_HEAD_BYTES = 64 * 1024
_MAX_BYTES = 256 * 1024
"""The most bytes of everything: informational answers, heads, the sizes of chunks, trailers."""
_FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Return whether the status is 2xx. A redirect is not: it is not followed."""
        return 200 <= self.status < 300


class AnswerReader:
    """Feed it the bytes as they arrive. The methods `on_…` are for the parser."""

    __slots__ = ("_bytes", "_framed", "_length", "_parser", "_parts", "_status", "answer", "kept")

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.kept = False
        """Whether the connection may carry another request after this answer."""
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._bytes = 0
        self.on_message_begin()

    def feed(self, data: bytes) -> Answer | None:
        """Read the next bytes. Return the answer once it is complete. Raises OutboundFailed."""
        assert self._parser is not None
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.kept = False
            if self.answer is None:
                raise OutboundFailed(Failure.BROKEN_ANSWER) from error
        if self.answer is None:
            self._require_small()
        return self.answer

    def end(self, *, cut: bool = False) -> Answer:
        """Return the answer that the end of the connection completes. `cut`: the end was an error,
        such as a reset, so more may have followed. Raises OutboundFailed."""
        if self._bytes == 0:
            raise NothingAnswered
        if cut or self._status is None or self._framed:
            raise OutboundFailed(Failure.BROKEN_ANSWER)
        return self._complete(self._status)

    def release(self) -> None:
        """Free the parser, which refers to this reader."""
        self._parser = None

    def on_message_begin(self) -> None:
        if self.answer is not None:
            self.kept = False  # nobody has asked for another answer
            return
        self._status: int | None = None
        self._framed = False
        """Whether the head tells where the body ends."""
        self._parts: list[bytes] = []
        self._length = 0

    def on_header(self, name: bytes, _: bytes) -> None:
        if name.lower() in _FRAMING:
            self._framed = True

    def on_headers_complete(self) -> None:
        if self.answer is None:
            assert self._parser is not None
            self._status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        self._length += len(part)
        if self._length <= MAX_ANSWER_BYTES:
            self._parts.append(part)

    def on_message_complete(self) -> None:
        if self.answer is not None or self._length > MAX_ANSWER_BYTES:
            return
        assert self._status is not None
        assert self._parser is not None
        if self._status < 200:  # the answer proper follows
            self._status = None
            return
        self.kept = self._parser.should_keep_alive()
        self._complete(self._status)

    def _complete(self, status: int) -> Answer:
        self.answer = Answer(status=status, body=b"".join(self._parts))
        return self.answer

    def _require_small(self) -> None:
        """Raises OutboundFailed."""
        if self._status is None and self._bytes > _MAX_HEAD_BYTES:
            raise OutboundFailed(Failure.BROKEN_ANSWER)
        if self._length > MAX_ANSWER_BYTES or self._bytes > _MAX_BYTES:
            raise OutboundFailed(Failure.TOO_LARGE)
