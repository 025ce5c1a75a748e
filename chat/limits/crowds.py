"""Bounds the requests without a token of all addresses together.

The limits of one address do not help against thousands of addresses. So only a few such requests
run at once. Further ones wait for a moment, and then get 503. The pages of the admin have slots of
their own: a flood elsewhere does not keep operators out.

Not promised: that a page is served while thousands of addresses ask for the pages of its group.
Probes and requests with a valid token are not affected.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings

from messaging.domain.exceptions import Overloaded

PLACES = 8
"""The slots of a group. They wait for the store or a thread; the event loop is one."""
MAX_WAITING = 128
PATIENCE_SECONDS = 2.0
_REFUSAL_SECONDS = 0.1
"""A refused address waits as long for its answer, and holds one of its own slots meanwhile."""

_ADMIN = "/admin/"


class _Crowd:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PLACES)
        self._waiting = 0

    async def enter(self) -> None:
        """Take a slot. Raises Overloaded."""
        if self._waiting >= MAX_WAITING:
            await asyncio.sleep(_REFUSAL_SECONDS)
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        self._places.release()


class Crowds:
    """The slots of one application, in two groups."""

    def __init__(self) -> None:
        self._admin = _Crowd()
        self._others = _Crowd()

    @asynccontextmanager
    async def place(self, scope: Mapping[str, Any]) -> AsyncIterator[None]:
        """Wait for a slot, and hold it while the context is open. Raises Overloaded."""
        if not settings.CHAT_RATE_LIMITS:
            yield
            return
        crowd = self._admin if scope["path"].startswith(_ADMIN) else self._others
        await crowd.enter()
        try:
            yield
        finally:
            crowd.leave()
