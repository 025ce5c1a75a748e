"""A cache of verified tokens, for as long as their identities hold. Each token is verified once,
even for concurrent requests."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from cachetools import LRUCache

from chat.authentication.identity import Authenticator, Identity
from chat.exceptions import NotAuthenticated, TokenExpired
from messaging.concurrency.tasks import TaskSet, start_task
from messaging.domain.exceptions import TokenRevoked
from messaging.domain.health import Condition

T = TypeVar("T")

_MAX_TOKENS = 50_000
_MAX_TOKEN_CHARACTERS = 8_192
PROFILE_SECONDS = 1.0
"""How long the first request with a token waits until its profile is stored."""
_NO_PROFILE: Mapping[str, str] = MappingProxyType({})


class VerifiedTokens:
    """Stores digests, never the tokens themselves."""

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        on_profile: Callable[[Identity], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Create the cache. `on_profile` takes each verified identity whose token has a profile,
        and raises nothing."""
        self._authenticator = authenticator
        self._on_profile = on_profile
        self._profiles: TaskSet[None] = TaskSet()
        self._identities: LRUCache[bytes, Identity] = LRUCache(_MAX_TOKENS)
        self._under_way: dict[tuple[str, bytes], asyncio.Task[Any]] = {}

    @property
    def condition(self) -> Condition:
        return self._authenticator.condition

    def close(self) -> None:
        """Close the authenticator."""
        self._authenticator.close()

    def recall(self, token: str) -> Identity | None:
        """Return the identity of a token that was verified before and has not expired since. If the
        result is None, the token may still be valid."""
        if len(token) > _MAX_TOKEN_CHARACTERS:
            return None
        known = self._identities.get(_digest(token))
        if known is None or (known.expires_at and known.expires_at <= datetime.now(UTC)):
            return None
        return known if _holds(known) else None

    async def authenticate(self, token: str) -> Identity:
        """Return the identity of a token. Raises the same errors as
        `Authenticator.authenticate`."""
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise NotAuthenticated("The token is too long. Send a valid one.")
        digest = _digest(token)
        known = self._identities.get(digest)
        if known is not None and _holds(known):
            if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
                del self._identities[digest]
                raise TokenExpired
            return known
        return await self._once(("verify", digest), lambda: self._verify(token, digest))

    async def require_unrevoked(self, token: str, identity: Identity) -> None:
        """Ask the issuer whether the sign-in is still valid, and drop a revoked token. Raises the
        same errors as `Authenticator.require_unrevoked`."""
        digest = _digest(token)
        try:
            await self._once(
                ("ask", digest), lambda: self._authenticator.require_unrevoked(identity)
            )
        except TokenRevoked:
            self._identities.pop(digest, None)
            raise

    async def _verify(self, token: str, digest: bytes) -> Identity:
        self._identities.pop(digest, None)
        identity = await self._authenticator.authenticate(token)
        # Without the profile: clients choose its size.
        known = replace(identity, profile=_NO_PROFILE) if identity.profile else identity
        self._identities[digest] = known
        if identity.profile and self._on_profile is not None:
            # The first request shows the name, unless the store is slow.
            task = self._profiles.start(self._on_profile(identity))
            await asyncio.wait([task], timeout=PROFILE_SECONDS)
        return known

    async def _once(self, key: tuple[str, bytes], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Share one task between concurrent callers. It continues if the first caller is
        cancelled. What waits for nobody needs no task."""
        if self._authenticator.answers_at_once:
            return await work()
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = start_task(work())
            task.add_done_callback(lambda done: self._done(key, done))
        answer: T = await asyncio.shield(task)
        return answer

    def _done(self, key: tuple[str, bytes], task: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # retrieve the exception, in case no caller is left


def _holds(known: Identity) -> bool:
    return known.holds_until is None or known.holds_until > time.monotonic()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
