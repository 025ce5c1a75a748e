"""The crowd: people with sockets on all instances, and the conversations that they are in."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count

from tests.chaos.cluster import Balancer, Cluster
from tests.chaos.ledger import Ledger
from tests.chaos.stubborn import StubbornClient
from tests.clients.rest import Rest
from tests.releases import PRESENT

_CONNECTING = 24
_POLL_SECONDS = 0.05

_crowds = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    people: int
    tabs: int
    """How many sockets each of them has."""
    conversations: int
    largest: int
    """How many people the largest group has."""
    rate: float
    """How many acts a second."""


FULL = Size(people=150, tabs=2, conversations=60, largest=60, rate=40)
SHORT = Size(people=20, tabs=2, conversations=8, largest=12, rate=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A conversation."""

    id: str
    owner: str
    people: Sequence[str]
    """All who are in it now and then."""
    direct: bool


class Crowd:
    """Enter `gather` to have one."""

    def __init__(self, balancer: Balancer, size: Size, chance: random.Random) -> None:
        self.balancer = balancer
        self.chance = chance
        self.size = size
        self.ledger = Ledger()
        self.rooms: list[Room] = []
        name = f"crowd-{next(_crowds)}"
        self.people = [f"{name}.person-{number}" for number in range(size.people)]
        self.rests = {user_id: Rest(balancer, user_id) for user_id in self.people}
        self.clients = [
            StubbornClient(user_id, balancer, chance)
            for _ in range(size.tabs)
            for user_id in self.people
        ]
        self.tabs: Mapping[str, Sequence[StubbornClient]] = {
            user_id: [client for client in self.clients if client.user_id == user_id]
            for user_id in self.people
        }

    async def found(self) -> None:
        """Found the conversations: one large group, some direct ones, and groups."""
        sizes = [self.size.largest]
        sizes += [
            self.chance.randint(3, min(12, self.size.people))
            for _ in range(self.size.conversations - 1)
        ]
        for number, many in enumerate(sizes):
            direct = number % 8 == 7 or number + 1 == self.size.conversations
            people = self.chance.sample(self.people, 2 if direct else many)
            owner, *others = people
            title = None if direct else f"Room {number}"
            body: dict[str, object] = {"kind": "direct" if direct else "group"}
            body["participant_ids"] = others
            if title is not None:
                body["title"] = title
            founded = await self.rests[owner].request("POST", "/conversations", body)
            if founded["id"] in self.ledger.members:
                continue  # these two have one already
            if founded["participants"] is None:
                founded = await self.rests[owner].get_conversation(founded["id"])
            self.ledger.founded(founded, title)
            room = Room(id=founded["id"], owner=owner, people=people, direct=direct)
            self.rooms.append(room)

    def behind(self, versions: Mapping[str, int]) -> list[str]:
        """Who does not have these versions yet, or does not know that they are in or out."""
        return [
            f"{client.user_id} in {room.id}, {client.place(room.id)} of {versions[room.id]}"
            for client in self.clients
            for room in self.rooms
            if client.user_id in room.people
            and not self._is_current(client, room.id, versions[room.id])
        ]

    def _is_current(self, client: StubbornClient, conversation_id: str, version: int) -> bool:
        states = self.ledger.members[conversation_id][client.user_id]
        if states == {True}:
            return (
                client.connected
                and client.inside(conversation_id)
                and client.has_reached(conversation_id, version)
            )
        return len(states) > 1 or not client.inside(conversation_id)

    async def caught_up(self, versions: Mapping[str, int], *, seconds: float) -> float | None:
        """How long it takes until everybody has these versions; None: longer than that."""
        began = time.perf_counter()
        while self.behind(versions):
            if time.perf_counter() - began > seconds:
                return None
            await asyncio.sleep(_POLL_SECONDS)
        return time.perf_counter() - began


@asynccontextmanager
async def gather(cluster: Cluster, size: Size, chance: random.Random) -> AsyncIterator[Crowd]:
    """A crowd that is connected and has loaded everything; one half of its sockets knew of the
    conversations from `hello`, the other half was told."""
    async with AsyncExitStack() as exit_:
        balancer = Balancer(cluster.fronts, chance, present=cluster.release is PRESENT)
        exit_.push_async_callback(balancer.aclose)
        crowd = Crowd(balancer, size, chance)
        places = asyncio.Semaphore(_CONNECTING)

        async def connect(client: StubbornClient) -> None:
            async with places:
                await client.__aenter__()

        async def leave() -> None:
            leaving = (client.__aexit__(None, None, None) for client in crowd.clients)
            await asyncio.gather(*leaving)

        exit_.push_async_callback(leave)
        half = len(crowd.clients) // 2
        await asyncio.gather(*map(connect, crowd.clients[:half]))
        await crowd.found()
        await asyncio.gather(*map(connect, crowd.clients[half:]))
        versions = crowd.ledger.snapshot()
        if await crowd.caught_up(versions, seconds=60) is None:
            raise AssertionError(f"Not loaded: {crowd.behind(versions)[:5]}")
        yield crowd
