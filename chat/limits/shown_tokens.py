"""Tokens of clients: the rate of the address is checked before the signature.

A token that was verified before costs nothing. Any other token costs a verification. Without a
limit, a stranger could request any number with invented tokens.
"""

import asyncio

from chat.authentication import Identity, ServiceAuthenticator, VerifiedTokens
from chat.limits.strangers import Strangers
from chat.limits.throttling import turn
from messaging.concurrency.turns import Turns

_SECONDS = 0.1


class ShownTokens:
    def __init__(
        self, tokens: VerifiedTokens, service_tokens: VerifiedTokens, strangers: Strangers
    ) -> None:
        self._tokens = tokens
        self._service_tokens = service_tokens
        self._strangers = strangers
        self._verifying = Turns(places=8, most_waiting=4_000, rest=0, newest_first=True)
        """The order of verification per address is last in, first out. After an instance has ended,
        thousands of clients behind one address may reconnect at once. If one of them floods
        invented tokens faster than they are verified, all others would time out with the oldest
        first."""

    def recall(self, token: str) -> Identity | None:
        """Return the identity of a token that was verified before, and needs no wait; None for any
        other."""
        return self._tokens_of(token).recall(token)

    async def identify(self, token: str, address: str) -> Identity:
        """Return the identity of a token, of a person or of a service account.

        If an address is beyond the rate for strangers, its unknown tokens are verified eight per
        0.1 s. They are not refused, because one of them may be valid.

        Raises the same errors as the `authenticate` of these tokens, and RateLimited if 4,000 of
        the address already wait.
        """
        tokens = self._tokens_of(token)
        known = tokens.recall(token)
        if known is not None:
            return known
        async with turn(self._verifying, address):
            if self._strangers.is_beyond_its_rate(address):
                await asyncio.sleep(_SECONDS)
            return await tokens.authenticate(token)

    def _tokens_of(self, token: str) -> VerifiedTokens:
        return self._service_tokens if ServiceAuthenticator.issued(token) else self._tokens
