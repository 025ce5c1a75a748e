"""The scene of a case: the cluster, the crowd and its traffic, and what comes of breaking things.

`play` runs one case: a crowd gathers and chats, the case breaks something and mends it, everybody
catches up, the traffic ends, and the checks are made.
"""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from tests.chaos import checks
from tests.chaos.cluster import Balancer, Cluster, Instance
from tests.chaos.crowd import Crowd, Room, Size, gather
from tests.chaos.deliveries import deliveries
from tests.chaos.report import Outcome
from tests.chaos.stubborn import StubbornClient
from tests.chaos.traffic import Traffic
from tests.chaos.trying import Tries
from tests.clients.known import Violation, Wrong
from tests.clients.rest import Data, Rest
from tests.releases import PRESENT

WARM_SECONDS = 2.0
BRIEF_SECONDS = 8.0
_READS = re.compile(r'^chat_store_documents_total\{[^}]*kind="read"[^}]*\} (\S+)', re.MULTILINE)
_SLACK = 1.5
_BRIEF_SLACK = 15.0
"""Of the short form, which runs beside other tests: it says that things arrive. How soon, the long
form judges."""

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Scene:
    """What a case works with."""

    cluster: Cluster
    crowd: Crowd
    traffic: Traffic
    seed: int
    chance: random.Random
    """Shared with the traffic, so that what it gives depends on the time that things take."""
    say: Say
    short: bool
    longest: float
    """Seconds that a fault lasts at most."""
    scale: float
    """Of the loads that are named, how much is meant."""
    slack: float
    """A promise of seconds is held against so many times as much, for the machine does other
    things besides. The figures are what was measured."""
    exit: AsyncExitStack
    began: float = 0.0
    """When the case began (`time.perf_counter`)."""
    figures: dict[str, float | str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    # How much

    def brief(self, seconds: float) -> float:
        """How long something lasts."""
        return min(seconds, self.longest)

    def many(self, number: int) -> int:
        return round(number * self.scale)

    # What was seen

    def require(self, holds: bool, text: str, wrong: Wrong = Wrong.BROKEN) -> None:
        if not holds:
            self.violations.append(Violation(wrong, text))

    def in_time(self, what: str, seconds: float, promised: float, *, exactly: bool = False) -> None:
        """Something took so long, and may take that long."""
        self.figures[f"{what} (s)"] = round(seconds, 3)
        text = f"{what} took {seconds:.3g} s, promised: {promised:.3g} s"
        slack = 1 if exactly else self.slack
        self.require(seconds <= promised * slack, text, Wrong.LATE)

    def closes(self) -> Counter[int]:
        """How many sockets of the crowd were closed until now, by close code."""
        return sum((client.closes for client in self.crowd.clients), Counter[int]())

    def failures(self) -> Counter[str]:
        """How often the crowd was answered with 500 or above, over REST and over sockets."""
        sockets = (client.failures for client in self.crowd.clients)
        return sum(sockets, Counter(self.crowd.balancer.failures))

    async def all_connected(self, *, seconds: float) -> None:
        await self._wait_until(
            lambda: all(client.connected for client in self.crowd.clients),
            "not everybody is connected again",
            seconds,
        )

    async def settled_sockets(self) -> None:
        """No instance believes to have a socket that is gone."""

        def settled() -> bool:
            believed = sum(one.sessions() for one in self.cluster.instances)
            return believed == sum(client.connected for client in self.crowd.clients)

        await self._wait_until(settled, "sockets are left over", 10)

    async def _wait_until(self, holds: Callable[[], bool], otherwise: str, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while not holds() and time.perf_counter() < end:
            await asyncio.sleep(0.05)
        self.require(holds(), otherwise)

    async def documents_read(self) -> float:
        """How many documents all instances have read, as Firestore bills them."""
        total = 0.0
        async with httpx.AsyncClient(trust_env=False) as http:
            for one in self.cluster.instances:
                metrics = (await http.get(f"{one.url}/metrics")).text
                total += sum(float(count) for count in _READS.findall(metrics))
        return total

    # Who else is there

    async def enter_tab(self, user_id: str, instance: Instance) -> StubbornClient:
        """One more socket, on this instance and no other, to the end of the scene."""
        client = StubbornClient(user_id, self._only(instance), self.chance)
        await self.exit.enter_async_context(client)
        if user_id in self.crowd.people:
            self.crowd.clients.append(client)
        return client

    def rest_of(self, user_id: str) -> Rest:
        """Somebody's requests to any instance, as those of the crowd."""
        return Rest(self.crowd.balancer, user_id)

    def rest_by(self, user_id: str, *instances: Instance) -> Rest:
        """Somebody's requests to these instances, on connections of their own."""
        return Rest(self._only(*instances), user_id)

    def besides(self, instance: Instance) -> Sequence[Instance]:
        return [one for one in self.cluster.instances if one is not instance]

    def _only(self, *instances: Instance) -> Balancer:
        present = self.cluster.release is PRESENT
        balancer = Balancer(instances, self.chance, present=present)
        self.exit.push_async_callback(balancer.aclose)
        return balancer


Act = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something that happens to a cluster while people chat."""

    name: str
    act: Act
    """Breaks something and mends it; returns when everything could work again."""
    delivers_within: float | None = None
    """Seconds that a delivery to a connected socket may take, whatever is broken; None where the
    fault keeps everybody from delivering."""
    recovers_within: float = 15.0
    """Seconds after which everybody has to be complete."""
    sentinel: bool = False
    """Whether Redis is to be behind a Sentinel, with a replica."""
    addresses: int = 1
    """How many Redis addresses there are."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the instances."""
    rate: float = float("inf")
    """How many acts a second there are at most, where more would keep the machine too busy."""
    upgrade: bool = False
    """Whether the previous release runs at first, with a queue, a worker and a push service."""
    proxies: Sequence[str] = ()
    """The proxies that everybody goes through."""
    size: Size | None = None
    """The crowd, where it is not the usual one."""
    instances: int = 3
    postgres: bool = False
    """Whether a PostgreSQL stores, for what is held against the clock: every query of the emulator
    goes through all that it holds."""
    moves: bool = False
    """Whether the store is moved between the PostgreSQL and Firestore."""


async def play(
    case: Case,
    cluster: Cluster,
    *,
    seed: int,
    size: Size,
    say: Say,
    short: bool = False,
    verified: bool = True,
) -> Outcome:
    """`verified`: whether to check the numbers of all that is stored."""
    began = time.perf_counter()
    chance = random.Random(f"{case.name} {seed}")
    outcome = Outcome(case=case.name, seed=seed)
    async with gather(cluster, size, chance) as crowd, AsyncExitStack() as exit_:
        traffic = Traffic(crowd, min(size.rate, case.rate))
        scene = Scene(
            cluster=cluster,
            crowd=crowd,
            traffic=traffic,
            seed=seed,
            chance=chance,
            say=say,
            short=short,
            longest=BRIEF_SECONDS if short else float("inf"),
            scale=0.1 if short else 1,
            slack=_BRIEF_SLACK if short else _SLACK,
            exit=exit_,
        )
        traffic.start()
        await asyncio.sleep(WARM_SECONDS)
        scene.began = time.perf_counter()
        await case.act(scene)
        outcome.recovered = await _recover(case, scene)
        await traffic.pause()
        evidence = await collect(crowd, cluster, seconds=case.recovers_within)
        if verified:
            right, words = await cluster.verify()
            scene.require(right, f"what is stored has drifted: {words.strip()}")
        outcome.slowest = _check_delays(case, scene)
        outcome.violations = [*scene.violations, *checks.find_all(evidence)]
        outcome.figures = scene.figures
        _count(outcome, scene)
    outcome.seconds = round(time.perf_counter() - began, 1)
    return outcome


async def _recover(case: Case, scene: Scene) -> float | None:
    """Wait until everybody has what was acknowledged up to now, while the traffic goes on."""
    crowd, versions = scene.crowd, scene.crowd.ledger.snapshot()
    recovered = await crowd.caught_up(versions, seconds=case.recovers_within * scene.slack)
    if recovered is None:
        behind = crowd.behind(versions)
        some = "; ".join(behind[:: max(len(behind) // 5, 1)])
        scene.require(not behind, f"{len(behind)} are behind for good, as {some}", Wrong.LATE)
    return recovered


async def collect(crowd: Crowd, cluster: Cluster, *, seconds: float) -> checks.Evidence:
    """What is stored and what everybody holds, once that is the same or the time is over."""
    conversations: dict[str, Data] = {}
    histories: dict[str, Sequence[Data]] = {}
    receipts: dict[str, Mapping[str, int]] = {}
    lists: dict[str, Mapping[str, Data]] = {}
    tries = Tries(crowd.ledger, crowd.chance)
    for room in crowd.rooms:
        rest = crowd.rests[room.owner]
        path = f"/conversations/{room.id}"

        async def read(rest: Rest = rest, room: Room = room, path: str = path) -> None:
            conversations[room.id] = await rest.get_conversation(room.id)
            histories[room.id] = await rest.history(room.id)
            answer = await rest.request("GET", f"{path}/receipts")
            receipts[room.id] = {item["user_id"]: item["read_seq"] for item in answer["items"]}

        await tries.until_known(read)
    for user_id in crowd.people:

        async def read_list(user_id: str = user_id) -> None:
            lists[user_id] = await crowd.rests[user_id].list_conversations()

        await tries.until_known(read_list)
    versions = {room.id: conversations[room.id]["version"] for room in crowd.rooms}
    await crowd.caught_up(versions, seconds=seconds)
    return checks.Evidence(
        ledger=crowd.ledger,
        conversations=conversations,
        histories=histories,
        receipts=receipts,
        lists=lists,
        views=crowd.clients,
        instance_ids=frozenset(one.name for one in cluster.instances),
    )


def _count(outcome: Outcome, scene: Scene) -> None:
    ledger = scene.crowd.ledger
    outcome.sent = len(ledger.sends)
    outcome.acknowledged = len(ledger.by_message)
    outcome.delivered = sum(
        len(stay.messages)
        for client in scene.crowd.clients
        for known in client.conversations.values()
        for stay in known.stays
    )


def _check_delays(case: Case, scene: Scene) -> float:
    """The slowest delivery, which is a violation where the case promises better."""
    found = deliveries(scene.crowd)
    if not found:
        return 0.0
    slowest = max(found, key=lambda delivery: delivery.delay)
    if case.delivers_within is not None:
        late = sum(delivery.delay > case.delivers_within * scene.slack for delivery in found)
        began = slowest.sent.acknowledged_at or 0
        text = (
            f"{late} of {len(found)} deliveries took longer than {case.delivers_within:g} s; "
            f"the slowest {slowest.delay:.1f} s: seq {slowest.sent.seq} of "
            f"{slowest.sent.conversation_id}, acknowledged {began - scene.began:.1f} s after the "
            f"case began, to {slowest.client.user_id} on {slowest.client.instance_id}"
        )
        scene.require(not late, text, Wrong.LATE)
    return round(slowest.delay, 3)
