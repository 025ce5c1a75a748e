"""Headers, request lines and bodies without end, on any path."""

import asyncio

from tests.abuse.attack import Attacker, Standing, attack
from tests.abuse.line import Gone, request

_CHUNK = b"x" * 65_536
_MEBIBYTES = 60
_REFUSED = ("413", "431", "400", "414", "gone", "413 payload_too_large", "429", "429 rate_limited")
_PATHS = ("/", "/admin/login/", "/health/live", "/api/v1/me", "/static/x", "/metrics")


async def _pour(attacker: Attacker, head: bytes, chunk: bytes, bytes_: int) -> None:
    """Send this head and then chunks, until there are so many bytes or the server answers."""
    async with await attacker.line() as connection:
        attacker.tally.sent += 1
        reading = asyncio.create_task(connection.reader.read(4096))
        try:
            await connection.write(head)
            sent = 0
            while sent < bytes_ and not reading.done():
                await connection.write(chunk)
                sent += len(chunk)
                await asyncio.sleep(0)
            async with asyncio.timeout(5):
                await asyncio.wait([reading])
        except TimeoutError:
            raise Gone("silent") from None
        finally:
            reading.cancel()
        answer = b"" if reading.exception() else reading.result()
        raise Gone(answer[9:12].decode() if answer else "closed")


@attack(Standing.STRANGER, *_REFUSED)
async def endless_header(attacker: Attacker) -> None:
    """One header of 300 MB."""
    await _pour(attacker, b"GET / HTTP/1.1\r\nhost: x\r\nx: ", _CHUNK, 300 * 2**20)


@attack(Standing.STRANGER, *_REFUSED)
async def endless_headers(attacker: Attacker) -> None:
    """Header lines without end."""
    await _pour(attacker, b"GET / HTTP/1.1\r\nhost: x\r\n", b"a: b\r\n" * 8_000, 60 * 2**20)


@attack(Standing.STRANGER, *_REFUSED)
async def endless_request_line(attacker: Attacker) -> None:
    """A path of 60 MB."""
    await _pour(attacker, b"GET /", _CHUNK, _MEBIBYTES * 2**20)


@attack(
    Standing.STRANGER, *_REFUSED, "200", "301", "302", "401 not_authenticated", "403", "404", "405"
)
async def huge_bodies(attacker: Attacker) -> None:
    """Bodies of 60 MB with their length, on paths of every kind."""
    for path in _PATHS:
        length = str(_MEBIBYTES * 2**20)
        head = request("POST", path, content_length=length, content_type="application/json")
        try:
            await _pour(attacker, head, _CHUNK, _MEBIBYTES * 2**20)
        except Gone as gone:
            attacker.tally.note(str(gone) if str(gone).isdigit() else "gone")


@attack(
    Standing.STRANGER,
    *_REFUSED,
    "200",
    "301",
    "302",
    "401 not_authenticated",
    "403",
    "404",
    "405",
    at_once=4,
)
async def endless_chunked_bodies(attacker: Attacker) -> None:
    """Chunked bodies of 60 MB, on paths of every kind."""
    chunk = b"10000\r\n" + _CHUNK + b"\r\n"
    for path in _PATHS:
        head = request("POST", path, transfer_encoding="chunked", content_type="application/json")
        try:
            await _pour(attacker, head, chunk, _MEBIBYTES * 2**20)
        except Gone as gone:
            attacker.tally.note(str(gone) if str(gone).isdigit() else "gone")


@attack(Standing.ACCOUNT, "413 payload_too_large", "429 rate_limited", "gone", at_once=2)
async def bodies_beyond_the_limit(attacker: Attacker) -> None:
    """Messages of 1 MB with a token, over REST."""
    path = f"/api/v1/conversations/{attacker.group}/messages"
    await attacker.repeat(attacker.request("POST", path, b'{"text": "' + b"x" * 2**20 + b'"}'))
