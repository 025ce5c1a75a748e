"""A body that arrives in pieces of two bytes takes about as much memory as its bytes."""

import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chat.handler import APIHandler
from chat.limits.body_limit import ReadAhead

PIECES = 16_000
BODY = b"ab" * PIECES

Receive = Callable[[], Awaitable[dict[str, Any]]]


def in_pieces(*, ends: bool = True) -> Receive:
    """The `receive` of a request with this body. If it does not end, its client disconnects."""
    left = PIECES

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            return {"type": "http.disconnect"}
        piece = bytes(bytearray(b"ab"))  # an object of its own, as those of a server are
        return {"type": "http.request", "body": piece, "more_body": left > 0 or not ends}

    return receive


async def read_ahead(receive: Receive) -> bytes:
    body = ReadAhead(receive)
    assert not await body.read(len(BODY))
    return body.content()


async def read_by_the_api(receive: Receive) -> bytes:
    return (await APIHandler().read_body(receive)).read()


@pytest.mark.parametrize("read", [read_ahead, read_by_the_api])
async def test_memory(read: Callable[[Receive], Awaitable[bytes]]) -> None:
    await read(in_pieces())  # what is made once
    tracemalloc.start()
    try:
        begun, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        content = await read(in_pieces())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert content == BODY
    assert peak - begun < 8 * len(BODY)


async def test_the_application_gets_what_was_read() -> None:
    """And then the rest, or the end of the connection."""
    part, all_of_it, gone = (
        ReadAhead(in_pieces()),
        ReadAhead(in_pieces()),
        ReadAhead(in_pieces(ends=False)),
    )
    assert await part.read(99)
    assert not await all_of_it.read(len(BODY))
    assert not await gone.read(len(BODY))

    assert await part.receive() == {
        "type": "http.request",
        "body": BODY[:100],
        "more_body": True,
    }
    assert (await part.receive())["body"] == b"ab"
    assert await all_of_it.receive() == {"type": "http.request", "body": BODY, "more_body": False}
    assert await gone.receive() == {"type": "http.request", "body": BODY, "more_body": True}
    assert (await gone.receive())["type"] == "http.disconnect"
