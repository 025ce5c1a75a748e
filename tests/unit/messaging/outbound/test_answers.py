"""Answers of HTTP, as the bytes arrive."""

import gzip

import pytest

from messaging.outbound.answers import MAX_ANSWER_BYTES, Answer, AnswerReader
from messaging.outbound.failures import Failure, NothingAnswered, OutboundFailed

HEAD = b"HTTP/1.1 200 OK\r\n"
PLAIN = HEAD + b"Content-Length: 2\r\n\r\nab"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1;x=y\r\nb\r\n0\r\nT: u\r\n\r\n"
UNTIL_THE_END = HEAD + b"\r\nab"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ENDLESS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(data: bytes, size: int = 1_000_000) -> AnswerReader:
    """Return a reader that has read the bytes in parts of this size. The connection stays open."""
    reader = AnswerReader()
    for start in range(0, len(data), size):
        if reader.feed(data[start : start + size]) is not None:
            break
    return reader


def failure(data: bytes, size: int = 1_000_000) -> Failure:
    with pytest.raises(OutboundFailed) as caught:
        read(data, size).end()
    return caught.value.failure


@pytest.mark.parametrize("size", [1, 2, 7, 1_000_000])
@pytest.mark.parametrize("data", [PLAIN, CHUNKED, CONTINUE + PLAIN, CONTINUE * 3 + CHUNKED])
def test_an_answer_with_a_length(data: bytes, size: int) -> None:
    """It is complete without the end of the connection, which may carry another request."""
    reader = read(data, size)
    assert reader.answer == Answer(status=200, body=b"ab")
    assert reader.kept


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_an_answer_that_the_end_completes(size: int) -> None:
    reader = read(UNTIL_THE_END, size)
    assert reader.answer is None
    assert reader.end() == Answer(status=200, body=b"ab")
    assert not reader.kept


def test_an_answer_without_a_body() -> None:
    reader = read(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert reader.answer == Answer(status=204, body=b"")
    assert reader.kept


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("framing", [b"Content-Length: 2\r\n\r\nab", CHUNKED[len(HEAD) :]])
def test_a_body_where_none_may_be(status: int, framing: bytes) -> None:
    """It is not read as the answer to another request: the connection is not kept."""
    reader = read(b"HTTP/1.1 %d X\r\n%s" % (status, framing))
    assert reader.answer == Answer(status=status, body=b"")
    assert not reader.kept


def test_the_compression_of_an_answer() -> None:
    """Nothing is decompressed: few bytes could become many."""
    bomb = gzip.compress(bytes(1_000_000))
    reader = read(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
    assert reader.answer == Answer(status=200, body=bomb)


def test_an_error_completes_no_answer() -> None:
    """The end of the connection may complete one, but a reset may not."""
    with pytest.raises(OutboundFailed) as caught:
        read(UNTIL_THE_END).end(cut=True)
    assert caught.value.failure is Failure.BROKEN_ANSWER


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
        PLAIN + PLAIN,
        PLAIN + b"?",
        HEAD + b"Content-Length: 2\r\n\r\nabc",
    ],
)
def test_a_connection_that_is_not_kept(data: bytes) -> None:
    """The server closes it, or has sent more than was asked for."""
    reader = read(data)
    assert reader.answer == Answer(status=200, body=b"ab")
    assert not reader.kept


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-server\r\n\r\n",
        b"HTTP/1.1 200",
        CONTINUE,
        PLAIN[:-1],
        CHUNKED[:-3],
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: 2, 2\r\n\r\nab",
        HEAD + b"Content-Length: +2\r\n\r\nab",
        HEAD + b"Content-Length: 0x2\r\n\r\nab",
        HEAD + b"Content-Length: 18446744073709551618\r\n\r\nab",
        HEAD + b"Content-Length : 2\r\n\r\nab",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nab",
        HEAD + b"Transfer-Encoding: chunked, x\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        HEAD + b"X: y\nContent-Length: 2\r\n\r\nab",
        HEAD + b"X: y\rContent-Length: 2\r\n\r\nab",
        HEAD + b"X: y\r\n z\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"X: \0\r\nContent-Length: 2\r\n\r\nab",
        ENDLESS + b"2\nab\n0\n\n",
        ENDLESS + b"0x2\r\nab\r\n0\r\n\r\n",
        ENDLESS + b"fffffffffffffffff\r\nab",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"X : y\r\n\r\n",
        ENDLESS + b"-1\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + PLAIN,
    ],
)
def test_a_broken_answer(data: bytes) -> None:
    assert failure(data) is Failure.BROKEN_ANSWER


def test_a_connection_that_ends_at_once() -> None:
    with pytest.raises(NothingAnswered):
        AnswerReader().end()


@pytest.mark.parametrize("size", [1_000, 100_000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD + b"Content-Length: 9999999\r\n\r\n" + b"x" * 300_000, Failure.TOO_LARGE),
        (HEAD + b"\r\n" + b"x" * (MAX_ANSWER_BYTES + 1), Failure.TOO_LARGE),
        (ENDLESS + b"1\r\nx\r\n" * 50_000, Failure.TOO_LARGE),
        (ENDLESS + b"1;" + b"x" * 300_000, Failure.TOO_LARGE),
        (ENDLESS + b"0\r\n" + b"T: u\r\n" * 50_000, Failure.TOO_LARGE),
        (CONTINUE * 20_000, Failure.BROKEN_ANSWER),
        (HEAD + b"X: y\r\n" * 50_000, Failure.BROKEN_ANSWER),
        (HEAD + b"X: " + b"y" * 300_000, Failure.BROKEN_ANSWER),
    ],
)
def test_an_answer_without_an_end(data: bytes, expected: Failure, size: int) -> None:
    """The bytes of the head, of the body and of everything around them are bounded."""
    with pytest.raises(OutboundFailed) as caught:
        read(data, size)
    assert caught.value.failure is expected


def test_the_largest_answer() -> None:
    body = b"x" * MAX_ANSWER_BYTES
    assert read(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body).answer is not None
