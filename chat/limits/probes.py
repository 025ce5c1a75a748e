"""Probes: a load balancer's requests are always answered, and a flood of them costs little.

An answer of 429 would remove the instance from the balancer, and strangers may share the balancer's
address. So beyond a rate, an address gets the answer of the last second after 0.1 to 0.5 seconds:
the more requests, the later. That answer is created without the headers of any request. Otherwise a
stranger could choose what the balancer reads.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from messaging.concurrency.tasks import start_task
from messaging.concurrency.turns import Turns
from messaging.redis.rate_limits import Rate, Rates

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PROBES = Rate(name="probes", per_second=20, burst=100)
"""The rate per address and instance that is answered individually."""

_PATHS = ("/health/live", "/health/ready")
_METHODS = ("GET", "HEAD")
_FRESH_SECONDS = 1.0
_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE = 0.5
_WAITING_PER_SECOND = 200


@dataclass(frozen=True, slots=True)
class _Answer:
    messages: tuple[Message, ...]
    at: float


class Probes:
    def __init__(self, application: Callable[[Any, Receive, Send], Awaitable[None]]) -> None:
        self._application = application
        self._rates = Rates(None)
        self._turns = Turns(places=2, most_waiting=16)
        self._answers: dict[tuple[str, str], _Answer] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._waiting = 0

    @staticmethod
    def is_one(scope: Mapping[str, Any]) -> bool:
        return scope["path"] in _PATHS and scope.get("method") in _METHODS

    async def answer(
        self, scope: Mapping[str, Any], receive: Receive, send: Send, address: str
    ) -> None:
        """Answer one probe of this address."""
        if not settings.CHAT_RATE_LIMITS:
            await self._application(scope, receive, send)
            return
        if not self._turns.is_full(address) and not await self._rates.take(PROBES, address):
            async with self._turns.turn(address):
                await self._application(scope, receive, send)
            return
        self._waiting += 1
        try:
            pause = max(self._waiting / _WAITING_PER_SECOND, _PAUSE_SECONDS)
            await asyncio.sleep(min(pause, _LONGEST_PAUSE))
        finally:
            self._waiting -= 1
        for message in (await self._latest(scope)).messages:
            await send(message)

    async def _latest(self, scope: Mapping[str, Any]) -> _Answer:
        """Return an answer of the last second. One request to the application creates it for all
        waiting probes."""
        key = (scope["method"], scope["path"])
        kept = self._answers.get(key)
        if kept is None or time.monotonic() - kept.at > _FRESH_SECONDS:
            asking = self._asking.get(key)
            if asking is None:
                asking = self._asking[key] = start_task(self._ask(scope, key))
            await asyncio.shield(asking)
        return self._answers[key]

    async def _ask(self, scope: Mapping[str, Any], key: tuple[str, str]) -> None:
        begun = time.monotonic()
        sent: list[Message] = []
        received = False

        async def receive() -> Message:
            nonlocal received
            if received:  # it never disconnects
                await asyncio.get_running_loop().create_future()
            received = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        plain = {**scope, "headers": [], "query_string": b"", "scheme": "http"}
        try:
            await self._application(plain, receive, send)
            self._answers[key] = _Answer(tuple(sent), begun)
        finally:
            del self._asking[key]
