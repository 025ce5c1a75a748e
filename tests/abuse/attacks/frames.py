"""Frames below a message: they are parsed before anybody is asked who sent them."""

from tests.abuse.attack import Attacker, Standing, attack
from tests.abuse.socket import BINARY, CONTINUATION, PING, PONG, TEXT, frame

_COUNT = 4_000
_PINGS = frame(PING) * _COUNT
_PONGS = frame(PONG) * _COUNT
_BEGINNING = frame(TEXT, b"{", final=False)
_FRAGMENTS = frame(CONTINUATION, final=False) * _COUNT
_EMPTY = frame(TEXT) * _COUNT
_BINARY = frame(BINARY, b"x") * _COUNT
_REFUSED = ("close 4505", "close 4501", "gone")
_VIOLATED = ("close 4505",)


@attack(Standing.STRANGER, *_REFUSED)
async def pings_without_a_token(attacker: Attacker) -> None:
    """PING frames on a socket that has shown no token."""
    await attacker.flood(_PINGS, _COUNT, greeted=False)


@attack(Standing.STRANGER, *_REFUSED)
async def pongs_without_a_token(attacker: Attacker) -> None:
    """PONG frames that answer no PING."""
    await attacker.flood(_PONGS, _COUNT, greeted=False)


@attack(Standing.STRANGER, *_REFUSED)
async def empty_fragments_without_a_token(attacker: Attacker) -> None:
    """A message of thousands of empty fragments that never ends."""
    await attacker.flood(_FRAGMENTS, _COUNT, first=_BEGINNING, greeted=False)


@attack(Standing.STRANGER, *_REFUSED, at_once=20)
async def pings_on_many_sockets_without_a_token(attacker: Attacker) -> None:
    """The same from twenty sockets at once, each opened again when it is closed."""
    await attacker.flood(_PINGS, _COUNT, greeted=False)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def pings(attacker: Attacker) -> None:
    """PING frames after `hello`."""
    await attacker.flood(_PINGS, _COUNT)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def pongs(attacker: Attacker) -> None:
    """PONG frames after `hello`."""
    await attacker.flood(_PONGS, _COUNT)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def empty_fragments(attacker: Attacker) -> None:
    """Empty fragments after `hello`."""
    await attacker.flood(_FRAGMENTS, _COUNT, first=_BEGINNING)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def empty_messages(attacker: Attacker) -> None:
    """Text frames of no bytes."""
    await attacker.flood(_EMPTY, _COUNT)


@attack(Standing.ACCOUNT, *_VIOLATED)
async def binary_frames(attacker: Attacker) -> None:
    """Binary frames of one byte."""
    await attacker.flood(_BINARY, _COUNT)
