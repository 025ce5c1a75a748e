"""What stands before the endpoint of a site, and spoils requests as an unreliable site would."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import httpx
from standardwebhooks import Webhook

from tests.acceptance.examples import SECRET
from tests.clients.rest import Data
from tests.integration.outbound.hooks import Hook, Received, answer

_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")


class Mood(StrEnum):
    GOOD = "good"
    DOWN = "down"
    """Nobody listens."""
    FAILS = "fails"
    """Half of the requests get 500."""
    HANGS = "hangs"
    """No request is answered."""


@dataclass
class Gate:
    """Passes requests on to a site, and notes what the site has handled.

    A spoiled request is lost half of the time, and otherwise handled, of which the sender learns
    nothing. So it comes again.
    """

    site: str
    """The URL of the endpoint of the site."""
    port: int
    random: Random
    client: httpx.AsyncClient
    mood: Mood = Mood.GOOD
    requests: int = 0
    spoiled: Counter[Mood] = field(default_factory=Counter)
    repeats: int = 0
    """How often the site got what it had handled before."""
    handled: set[str] = field(default_factory=set)
    """The `webhook-id` of each event that the site has handled."""
    events: dict[str, list[Data]] = field(default_factory=lambda: defaultdict(list))
    """The bodies of those, by conversation, in the order in which the site handled them."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @asynccontextmanager
    async def open(self, mood: Mood) -> AsyncIterator[None]:
        """Listen, in this mood. Connections are cut at the end."""
        if mood is Mood.DOWN:
            yield
            return
        self.mood = mood
        async with Hook(self._handle).run(self.port):
            yield

    def versions(self) -> dict[str, int]:
        """The version of the latest event of each conversation."""
        return {id_: events[-1]["data"]["version"] for id_, events in self.events.items()}

    def shown(self) -> dict[str, Data]:
        """Each message as the latest event about it shows it, by its id."""
        bodies = (body for events in self.events.values() for body in events)
        found = (body["data"]["message"] for body in bodies if "message" in body["data"])
        return {message["id"]: message for message in found}

    async def _handle(self, got: Received) -> bytes | None:
        self.requests += 1
        mood = self.mood
        spoils = mood is Mood.HANGS or (mood is Mood.FAILS and self.random.random() < 0.5)
        if not spoils or self.random.random() < 0.5:
            status = await self._pass_on(got)
            if not spoils:
                return answer(status)
        self.spoiled[mood] += 1
        return None if mood is Mood.HANGS else answer(500)

    async def _pass_on(self, got: Received) -> int:
        """Return the status that the site answers with: it has verified the signature, and so does
        the library of Python here."""
        body = Webhook(SECRET).verify(got.body, got.headers)
        headers = {name: got.headers[name] for name in _SIGNED}
        try:
            passed = await self.client.post(self.site, content=got.body, headers=headers)
        except httpx.TransportError:
            return 502  # the event comes again
        status = passed.status_code
        if status == 204:
            if got.headers["webhook-id"] in self.handled:
                self.repeats += 1
            else:
                self.handled.add(got.headers["webhook-id"])
                self.events[body["data"]["conversation_id"]].append(body)
        return status
