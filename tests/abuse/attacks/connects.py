"""Sockets: opened and closed without a pause, too many at once, never read from."""

import asyncio

from tests.abuse.attack import SERVED, Attacker, Standing, attack
from tests.abuse.line import Gone
from tests.abuse.socket import command

_VIOLATED = ("error rate_limited", "close 4505")
_TRY_AGAIN = ("close 1013", "429 rate_limited", "429", "503", "gone")


@attack(Standing.ACCOUNT, *_TRY_AGAIN, at_once=10, patience=4, lawful=400)
async def connects(attacker: Attacker) -> None:
    """Connect, wait for `hello`, go, on ten lanes."""
    attacker.tally.sent += 1
    async with attacker.socket():
        attacker.tally.note("hello", sent=0)


@attack(Standing.ACCOUNT, *_TRY_AGAIN, at_once=10, patience=4, lawful=400)
async def connects_that_wait_for_nothing(attacker: Attacker) -> None:
    """Connect and go before `hello`, on ten lanes, reading the close of every tenth."""
    attacker.tally.sent += 1
    async with attacker.socket(greeted=False) as opened:
        if attacker.tally.sent % 10 == 0:
            attacker.tally.note(await opened.outcome(), sent=0)


@attack(Standing.ACCOUNT, "close 4506", *_TRY_AGAIN, at_once=60, patience=4, lawful=400)
async def too_many_sockets(attacker: Attacker) -> None:
    """Sixty sockets that stay: three times what one may have."""
    async with attacker.listening() as opened:
        attacker.tally.sent += 1
        while True:
            await opened.write(command("ping"))
            await asyncio.sleep(1)


@attack(Standing.ACCOUNT, SERVED, at_once=10)
async def sockets_that_are_not_read(attacker: Attacker) -> None:
    """Commands with long answers by ten clients that do not read: no more are carried out."""
    sync = command("conversation.sync", conversations={attacker.group: 0})
    async with attacker.socket() as opened:
        opened.line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        while True:
            await opened.write(sync + command("ping") * 50)
            attacker.tally.sent += 51


@attack(Standing.ACCOUNT, *_VIOLATED, at_once=4, patience=4, lawful=400)
async def refreshes(attacker: Attacker) -> None:
    """auth.refresh with one's own token without a pause."""
    await attacker.flood(command("auth.refresh", token=attacker.token) * 50, 50)


@attack(Standing.ACCOUNT, "close 4501", *_TRY_AGAIN, at_once=10)
async def connects_with_forged_tokens(attacker: Attacker) -> None:
    """Sockets with tokens that nobody signed."""
    forged = Attacker(
        port=attacker.port,
        address=attacker.address,
        token=f"WyJhbm4iLDE3OTU5MDU5NzcuMF0.{attacker.tally.sent:043d}",
    )
    attacker.tally.sent += 1
    try:
        async with forged.socket():
            pass
    except Gone as gone:
        attacker.tally.note(str(gone), sent=0)
        raise Gone("gone") from None
