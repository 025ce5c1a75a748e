"""Tokens that clients show at a door: the room of their address comes before the signature.

A token that was verified before costs nothing. Any other costs a verification, which a stranger
with invented tokens could ask for without an end.
"""

import asyncio

from chat.authentication import Identity, authenticate, recall
from chat.limits import strangers
from chat.limits.throttling import turn
from messaging.concurrency.turns import Turns

_verifying = Turns(places=8, most_waiting=4_000, rests=False, newest_first=True)
"""Of each address. After an instance ended, thousands behind one address may come at once. Beside
somebody who floods from the same address with more invented tokens than are verified, the others
would all time out if the oldest came first."""
_SECONDS = 0.1


async def identify(token: str, address: str) -> Identity:
    """Return whose token it is.

    Where an address is beyond the rate of strangers, its unknown tokens are verified eight in
    0.1 s. They are not refused: one of them may be good, and a good token is nobody's flood.

    Raises as `authenticate`, and RateLimited where 4,000 of the address wait already.
    """
    known = recall(token)
    if known is not None:
        return known
    async with turn(_verifying, address):
        if strangers.is_beyond_its_rate(address):
            await asyncio.sleep(_SECONDS)
        return await authenticate(token)
