"""Thousands of small requests by somebody without a token."""

import asyncio
from itertools import count
from urllib.parse import urlencode

from tests.abuse.attack import SERVED, Attacker, Standing, attack
from tests.abuse.line import request

_PIPELINED = 16
_REFUSED = ("429 rate_limited", "429", "gone")
_LANES = 32
_MANY_LANES = 200
_ADDRESSES = 48
_numbers = count()


def _guess(name: str) -> bytes:
    csrf = "a" * 32
    form = urlencode({"username": name, "password": "1", "csrfmiddlewaretoken": csrf})
    return request(
        "POST",
        "/admin/login/",
        body=form.encode(),
        content_type="application/x-www-form-urlencoded",
        cookie=f"csrftoken={csrf}",
    )


@attack(Standing.STRANGER, *_REFUSED, "401 not_authenticated", at_once=_LANES)
async def requests_without_a_token(attacker: Attacker) -> None:
    """GET /api/v1/me without a token, on 32 connections."""
    await attacker.repeat(request("GET", "/api/v1/me"))


@attack(Standing.STRANGER, *_REFUSED, "401 not_authenticated", at_once=_LANES)
async def requests_with_forged_tokens(attacker: Attacker) -> None:
    """Tokens that nobody signed, another one each time."""
    async with await attacker.line() as connection:
        while True:
            token = f"WyJhbm4iLDE3OTU5MDU5NzcuMF0.{attacker.tally.sent:043d}"
            await attacker.ask(connection, request("GET", "/api/v1/conversations", token=token))


@attack(Standing.STRANGER, *_REFUSED, at_once=_MANY_LANES, lawful=300)
async def two_hundred_lanes(attacker: Attacker) -> None:
    """More requests at once than may wait, each with a token that nobody signed: the refusals have
    to cost the one who asks."""
    token = f"WyJhbm4iLDE3OTU5MDU5NzcuMF0.{attacker.tally.sent:043d}"
    async with await attacker.line() as connection:
        while True:
            await attacker.ask(connection, request("GET", "/api/v1/me", token=token))


@attack(Standing.STRANGER, *_REFUSED, "401 not_authenticated", at_once=_LANES)
async def bodies_without_a_token(attacker: Attacker) -> None:
    """Bodies of 60 KB to POST /conversations without a token."""
    body = b'{"participant_ids": [' + b"1," * 30_000 + b"1]}"
    await attacker.repeat(request("POST", "/api/v1/conversations", body=body))


@attack(Standing.STRANGER, *_REFUSED, "404", "404 not_found", at_once=_LANES)
async def paths_that_do_not_exist(attacker: Attacker) -> None:
    """Paths of a scanner, in the API and beside it."""
    async with await attacker.line() as connection:
        for path in ("/wp-login.php", "/api/v1/nothing", "/.env", "/api/", "/static/no.css"):
            await attacker.ask(connection, request("GET", path))


@attack(Standing.STRANGER, *_REFUSED, "401 not_authenticated", at_once=_LANES)
async def a_connection_for_each_request(attacker: Attacker) -> None:
    """A new connection for each request."""
    async with await attacker.line() as connection:
        await attacker.ask(connection, request("GET", "/api/v1/me"))


@attack(Standing.STRANGER, *_REFUSED, "401 not_authenticated", at_once=4)
async def pipelined_requests(attacker: Attacker) -> None:
    """As many requests in one write as are answered; more end the connection."""
    async with await attacker.line() as connection:
        while True:
            await connection.write(request("GET", "/api/v1/me") * _PIPELINED)
            for _ in range(_PIPELINED):
                attacker.tally.note(await connection.answer())


@attack(Standing.STRANGER, *_REFUSED, SERVED, at_once=_LANES, answer_bytes=1024**2)
async def the_schema(attacker: Attacker) -> None:
    """GET /api/schema."""
    await attacker.repeat(request("GET", "/api/schema"))


@attack(Standing.STRANGER, *_REFUSED, SERVED, at_once=_LANES, answer_bytes=1024**2)
async def the_metrics(attacker: Attacker) -> None:
    """GET /metrics."""
    await attacker.repeat(request("GET", "/metrics"))


@attack(Standing.STRANGER, *_REFUSED, SERVED, at_once=_LANES)
async def the_probes(attacker: Attacker) -> None:
    """GET /health/ready and /health/live."""
    async with await attacker.line() as connection:
        while True:
            await attacker.ask(connection, request("GET", "/health/ready"))
            await attacker.ask(connection, request("GET", "/health/live"))


@attack(Standing.STRANGER, *_REFUSED, SERVED, at_once=_LANES, answer_bytes=1024**2)
async def pages(attacker: Attacker) -> None:
    """The demo page, the documentation and the admin's sign-in page."""
    async with await attacker.line() as connection:
        for path in ("/", "/api/docs", "/admin/login/"):
            await attacker.ask(connection, request("GET", path))


@attack(Standing.STRANGER, *_REFUSED, "403", at_once=_LANES, lawful=20)
async def password_guesses(attacker: Attacker) -> None:
    """Guesses at the admin's sign-in, another account each time."""
    async with await attacker.line() as connection:
        while True:
            await attacker.ask(connection, _guess(f"root-{attacker.tally.sent}"))


@attack(Standing.STRANGER, *_REFUSED, at_once=2 * _ADDRESSES)
async def password_guesses_from_many_addresses(attacker: Attacker) -> None:
    """Guesses at the admin's sign-in from 48 addresses, at other accounts each time."""
    number = next(_numbers)
    address = f"127.1.{number % _ADDRESSES}.{attacker.address.rpartition('.')[2]}"
    async with await attacker.line(address) as connection:
        while True:
            await attacker.ask(connection, _guess(f"root-{attacker.tally.sent}"))


@attack(Standing.STRANGER, *_REFUSED, "413 payload_too_large", at_once=8)
async def slow_bodies_of_pages(attacker: Attacker) -> None:
    """A megabyte to a page, as slowly as a body may come: it must hold no place of the address."""
    head = request("POST", "/admin/login/", content_length=str(1024**2))
    async with await attacker.line() as connection:
        attacker.tally.sent += 1
        await connection.write(head + b"x" * 100_000)
        reading = asyncio.create_task(connection.answer())
        try:
            while not reading.done():
                await connection.write(b"x" * 2_048)
                await asyncio.wait([reading], timeout=0.5)
        finally:
            reading.cancel()
        attacker.tally.note(await reading, sent=0)


@attack(
    Standing.STRANGER,
    *_REFUSED,
    "400",
    "400 invalid_request",
    "401 not_authenticated",
    at_once=_LANES,
)
async def query_parameters(attacker: Attacker) -> None:
    """A thousand and one query parameters."""
    query = "&".join(f"a{number}=1" for number in range(1_001))
    await attacker.repeat(request("GET", f"/api/v1/presence?{query}"))
