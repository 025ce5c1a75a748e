"""Connections that get no further: half handshakes, slow headers, slow bodies, silence."""

import asyncio
from collections.abc import Sequence

from tests.abuse.attack import Attacker, Standing, attack
from tests.abuse.line import Gone, request
from tests.abuse.socket import handshake

_DRIP_SECONDS = 0.5
_REFUSED = ("gone", "408", "400", "429 rate_limited", "503")


async def _drip(attacker: Attacker, beginning: bytes, drop: bytes) -> None:
    """Send a beginning, then a drop each half second, until the server has had enough."""
    async with await attacker.line() as connection:
        attacker.tally.sent += 1
        await connection.write(beginning)
        reading = asyncio.create_task(connection.reader.read(4096))
        try:
            while not reading.done():
                await connection.write(drop)
                await asyncio.wait([reading], timeout=_DRIP_SECONDS)
        finally:
            reading.cancel()
        answer = b"" if reading.exception() else reading.result()
        raise Gone(answer[9:12].decode() if answer else "closed")


_SLOW: Sequence[tuple[bytes, bytes]] = (
    (handshake(None)[:-4], b""),
    (b"GET / HTTP/1.1\r\nhost: x\r\n", b"x-more: 1\r\n"),
    (request("POST", "/admin/login/", content_length="50000"), b" "),
    (request("POST", "/api/v1/conversations", transfer_encoding="chunked"), b"1\r\n \r\n"),
    (b"", b""),
)
"""How a connection begins, and what follows every half second: half a handshake, header lines, a
body, a body in chunks, nothing at all."""


@attack(Standing.STRANGER, *_REFUSED, at_once=200, patience=20)
async def connections_that_get_no_further(attacker: Attacker) -> None:
    """Slow headers, slow bodies, half handshakes and silence on 200 connections."""
    beginning, drop = _SLOW[attacker.tally.sent % len(_SLOW)]
    await _drip(attacker, beginning, drop)


@attack(Standing.STRANGER, "close 4501", "gone", "429", "503", at_once=8)
async def handshakes_without_a_token(attacker: Attacker) -> None:
    """Whole handshakes without a token, one after the other, on eight lanes."""
    async with attacker.socket(greeted=False) as opened:
        attacker.tally.note(await opened.outcome())


@attack(
    Standing.STRANGER, *_REFUSED, "431", "431 payload_too_large", "400 invalid_request", at_once=8
)
async def handshakes_that_cannot_be_read(attacker: Attacker) -> None:
    """Headers above what a parser takes, or so many, and subprotocols that are not ASCII."""
    long, many = "a" * 9_000, {f"x{number}": "a" for number in range(140)}
    for headers in ({"x": long}, many, {"sec_websocket_protocol": "\u00ff"}):
        asked = handshake(None)[:-2] + request("GET", "/", body=b"", **headers).split(b"\r\n", 2)[2]
        async with await attacker.line() as connection:
            attacker.tally.sent += 1
            await connection.write(asked)
            attacker.tally.note(await connection.answer(), sent=0)


_NOISE = (b"\x16\x03\x01\x02\x00" * 40, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes(4096))


@attack(Standing.STRANGER, *_REFUSED, at_once=4)
async def noise(attacker: Attacker) -> None:
    """TLS greetings, HTTP/2 prefaces and zeros on the plain port."""
    async with await attacker.line() as connection:
        await connection.write(_NOISE[attacker.tally.sent % len(_NOISE)])
        attacker.tally.sent += 1
        reading = asyncio.create_task(connection.reader.read(4096))
        await asyncio.wait([reading], timeout=1)
        reading.cancel()
        if reading.done():
            answer = b"" if reading.exception() else reading.result()
            attacker.tally.note(answer[9:12].decode() if answer else "gone", sent=0)
