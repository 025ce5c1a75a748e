"""Faults under half of the load that the cluster can bear, held against figures.

What a cluster can bear is measured first, with its crowd and this kit on the same machine.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from websockets.exceptions import ConnectionClosed

from tests.chaos.cluster import Instance
from tests.chaos.deliveries import deliveries
from tests.chaos.raw_sockets import raw
from tests.chaos.scene import Case, Scene
from tests.chaos.stubborn import may_reconnect
from tests.clients.known import Wrong

_SETTLING_SECONDS = 12.0
"""Until the load is whole: who does not acknowledge within 8 s is notified, beside the sends."""
_CAPACITY_SECONDS = 8.0
_SENDERS = 48
_BEFORE_SECONDS = 15.0
_PROBE_SECONDS = 0.5
_KEPT_SECONDS = 70.0
"""An instance keeps a person's conversations for a minute after the last socket."""


async def redis_dead_for_a_minute(scene: Scene) -> None:
    """Redis is dead for a minute."""

    async def fault(probe: "_Probe") -> None:
        await scene.cluster.redis.kill()
        await probe.connecting("connecting without Redis", scene.brief(60))
        await scene.cluster.redis.start()

    await _go_on(scene, fault, arrives_within=3.0)


async def one_cut_off_for_a_minute(scene: Scene) -> None:
    """One instance does not reach Redis for a minute."""
    one = scene.chance.choice(scene.cluster.instances)

    async def fault(probe: "_Probe") -> None:
        one.redis.cut()
        await probe.connecting("connecting meanwhile", scene.brief(60))
        one.redis.mend()

    await _go_on(scene, fault, arrives_within=10.0)


async def redis_hung(scene: Scene) -> None:
    """Redis stops for twelve seconds: no request takes more than one second longer."""
    await _load(scene)
    began = time.perf_counter()
    await asyncio.sleep(_BEFORE_SECONDS)
    before = max(_answer_times(scene, began, time.perf_counter()))
    began = time.perf_counter()
    scene.cluster.redis.hang()
    await asyncio.sleep(scene.brief(12))
    scene.cluster.redis.resume()
    during = max(_answer_times(scene, began, time.perf_counter()))
    scene.figures["slowest answer before (s)"] = round(before, 3)
    scene.in_time("slowest answer while Redis hung", during, before + 1, exactly=True)


async def one_of_three_killed(scene: Scene) -> None:
    """kill -9 of one of three."""
    await _load(scene)
    one = scene.chance.choice(scene.cluster.instances)
    began = time.perf_counter()
    await one.kill()
    await asyncio.sleep(scene.brief(20))
    _share_in_time(scene, began, time.perf_counter(), least=None)
    took = await scene.crowd.caught_up(scene.crowd.ledger.snapshot(), seconds=30)
    scene.in_time("everybody has everything", 30.0 if took is None else took, 5)
    await one.start()


async def _go_on(
    scene: Scene, fault: Callable[["_Probe"], Awaitable[None]], *, arrives_within: float
) -> None:
    """Hold a minute with a fault against the time before it."""
    probe = _Probe(scene)
    await _load(scene)
    await probe.connecting("connecting before", _BEFORE_SECONDS)
    closes = scene.closes()
    began = time.perf_counter()
    await fault(probe)
    ended = time.perf_counter()
    _share_in_time(scene, began, ended, least=0.99)
    await scene.crowd.caught_up(scene.crowd.ledger.snapshot(), seconds=30)
    across = sorted(
        delivery.delay
        for delivery in deliveries(scene.crowd)
        if delivery.across and began <= (delivery.sent.acknowledged_at or 0) <= ended
    )
    scene.figures["deliveries across instances"] = len(across)
    scene.require(bool(across), "nothing was delivered across instances")
    if across:
        p99 = across[int(len(across) * 0.99)]
        scene.figures["p50 across instances (s)"] = round(statistics.median(across), 3)
        scene.in_time("p99 across instances", p99, arrives_within, exactly=True)
    before, during = (float(v) for k, v in scene.figures.items() if k.startswith("connecting"))
    scene.in_time("median of connecting", during, 1.5 * before, exactly=True)
    scene.require(scene.closes() == closes, "sockets were closed")


async def _load(scene: Scene) -> None:
    """From now on there is half of the traffic that the cluster can bear."""
    await scene.traffic.pause()
    counted_from = time.perf_counter() + _SETTLING_SECONDS
    end = counted_from + _CAPACITY_SECONDS
    rooms, messages = scene.crowd.rooms, scene.traffic.messages

    async def sender() -> None:
        while time.perf_counter() < end:
            room = scene.chance.choice(rooms)
            await messages.send(room, room.owner, by_socket=scene.chance.random() < 0.5)

    await asyncio.gather(*(sender() for _ in range(_SENDERS)))
    sends = scene.crowd.ledger.by_message.values()
    count = sum(counted_from <= (sent.acknowledged_at or 0) <= end for sent in sends)
    capacity = count / _CAPACITY_SECONDS
    scene.figures["measured capacity (messages/s)"] = round(capacity)
    scene.say(f"  {capacity:.0f} messages/s with {len(scene.crowd.clients)} sockets; half of it…")
    await scene.crowd.caught_up(scene.crowd.ledger.snapshot(), seconds=30)
    scene.traffic.rate = capacity / 2
    scene.traffic.start()
    await asyncio.sleep(2)


class _Probe:
    """Connects time and again, with people of whom the instance has to read: whoever is there
    already, or was a moment ago, is greeted faster while the link is up."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._seen: dict[tuple[str, str], float] = {}
        """When this person last connected to this instance."""

    async def connecting(self, name: str, seconds: float) -> None:
        """For so long; the median until `hello` is a figure."""
        took, sent_away = [], 0
        instances = itertools.cycle(self._scene.cluster.instances)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            one = next(instances)
            person = self._stranger(one)
            if person is None:
                await asyncio.sleep(_PROBE_SECONDS)
                continue
            began = time.perf_counter()
            while not await _is_greeted(one.url, person):
                sent_away += 1
                await asyncio.sleep(0.2)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(max(_PROBE_SECONDS - took[-1], 0))
        self._scene.figures[f"{name} (s)"] = round(statistics.median(took), 4)
        self._scene.figures[f"sent away while {name}"] = sent_away

    def _stranger(self, one: Instance) -> str | None:
        """Return somebody of whom this instance keeps nothing, if there is somebody."""
        crowd, now = self._scene.crowd, time.perf_counter()
        there = {client.user_id for client in crowd.clients if client.instance_id == one.name}
        strangers = [
            user_id
            for user_id in crowd.people
            if user_id not in there
            and now - self._seen.get((user_id, one.name), -_KEPT_SECONDS) >= _KEPT_SECONDS
        ]
        if not strangers:
            return None
        person = self._scene.chance.choice(strangers)
        self._seen[person, one.name] = now
        return person


async def _is_greeted(url: str, user_id: str) -> bool:
    """False where an instance says that one is to try again."""
    try:
        async with raw(url, user_id):
            return True
    except ConnectionClosed as closed:
        if closed.rcvd is None or not may_reconnect(closed.rcvd.code):
            raise
        return False


def _answer_times(scene: Scene, began: float, ended: float) -> list[float]:
    """Of the sends that began in this time; those without an answer took until now."""
    now = time.perf_counter()
    return [
        (sent.acknowledged_at or now) - sent.began
        for sent in scene.crowd.ledger.sends.values()
        if began <= sent.began <= ended and not sent.refused
    ]


def _share_in_time(scene: Scene, began: float, ended: float, *, least: float | None) -> None:
    times = _answer_times(scene, began, min(ended, time.perf_counter() - 1))
    share = sum(took <= 1 for took in times) / len(times)
    scene.figures["acknowledged within 1 s (%)"] = round(100 * share, 2)
    scene.figures["slowest answer (s)"] = round(max(times), 2)
    if least is not None:
        text = f"{100 * share:.1f} % were acknowledged within a second"
        scene.require(share >= least, text, Wrong.LATE)


CASES: Sequence[Case] = (
    Case(name="measured-redis-dead", act=redis_dead_for_a_minute, postgres=True),
    Case(name="measured-one-cut-off", act=one_cut_off_for_a_minute, postgres=True),
    Case(name="measured-redis-hung", act=redis_hung, postgres=True),
    Case(name="measured-instance-killed", act=one_of_three_killed, postgres=True),
)
