"""Senders at a steady pace, whatever the answers, who note how long each send took."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import orjson

from tests.clients.rest import Data, Refused, Rest

_GROUPS = 20
_PEOPLE = 5
_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    at: float
    """When it began, by `time.perf_counter`."""
    seconds: float
    conversation_id: str
    message_id: str
    """Empty if the send failed."""
    failure: str = ""
    """Why it failed."""


@dataclass(slots=True)
class Steady:
    """What the senders have done up to now."""

    senders: dict[str, Rest] = field(default_factory=dict)
    """By conversation."""
    sends: list[Sent] = field(default_factory=list)

    @property
    def failures(self) -> Counter[str]:
        return Counter(one.failure for one in self.sends if one.failure)

    @property
    def longest(self) -> float:
        """Return how many seconds the slowest send took."""
        return max((one.seconds for one in self.sends), default=0.0)

    def since(self, began: float = 0.0) -> "Steady":
        """Return the sends that began since then."""
        return Steady(self.senders, [one for one in self.sends if one.at >= began])

    def before(self, end: float) -> "Steady":
        """Return the sends that began before then."""
        return Steady(self.senders, [one for one in self.sends if one.at < end])

    def __str__(self) -> str:
        failed = f", failed: {dict(self.failures)}" if self.failures else ""
        return f"the slowest of {len(self.sends)} sends took {self.longest * 1000:.0f} ms{failed}"

    async def lost(self) -> list[str]:
        """Return the ids of the acknowledged messages that are not stored."""
        stored = set()
        for conversation_id, sender in self.senders.items():
            stored |= {message["id"] for message in await sender.history(conversation_id)}
        acknowledged = [one.message_id for one in self.sends if one.message_id]
        return [id_ for id_ in acknowledged if id_ not in stored]


class Instances:
    """The instances that the senders use in turn. They may be changed while sends go on."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = list(urls)
        self._http = httpx.AsyncClient(
            timeout=_WAIT_SECONDS,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=2),
        )
        self._next = 0

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: Data | None = None,
        params: Data | None = None,
        headers: Data | None = None,
    ) -> httpx.Response:
        self._next += 1
        base = self.urls[self._next % len(self.urls)]
        return await self._http.request(
            method, base + url, json=json, params=params, headers=headers
        )

    async def aclose(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def steady_sends(instances: Instances, *, rate: float) -> AsyncIterator[Steady]:
    """Send this many messages a second, to groups of a few people, until the context is left. A
    send is not repeated."""
    done = Steady()
    for number in range(_GROUPS):
        sender = Rest(instances, f"steady.sender-{number}")
        others = (f"steady.person-{number}-{one}" for one in range(_PEOPLE - 1))
        group = await sender.create_group(*others, title="Steady")
        done.senders[group["id"]] = sender
    groups = list(done.senders)
    under_way: set[asyncio.Task[None]] = set()

    async def send(number: int) -> None:
        group = groups[number % _GROUPS]
        began, message_id, failure = time.perf_counter(), "", ""
        try:
            answer = await done.senders[group].send(group, f"Steady {number}", f"steady-{number}")
            message_id = answer["id"]
        except Refused as refused:
            failure = f"{refused.status} {refused.code}"
        except (httpx.HTTPError, orjson.JSONDecodeError) as error:
            failure = type(error).__name__
        seconds = time.perf_counter() - began
        done.sends.append(Sent(began, seconds, group, message_id, failure))

    async def run() -> None:
        due, number = time.perf_counter(), 0
        while True:
            due += 1 / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            task = asyncio.create_task(send(number))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            number += 1

    running = asyncio.create_task(run())
    try:
        yield done
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        while under_way:
            await asyncio.wait(under_way)
