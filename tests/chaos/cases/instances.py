"""What happens to instances."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from tests.chaos.crowd import Size
from tests.chaos.scene import Case, Scene
from tests.clients.rest import Refused
from tests.servers.proxies import PROXIES

_LEASE_SECONDS = 15.0
_ENDS = frozenset({4002})
_NOTICED_SECONDS = 2.5
"""Then nginx uses an instance again (`fail_timeout`)."""
_PROXIED = Size(people=100, tabs=3, conversations=60, largest=60, rate=72)
"""300 sockets, and 50 sends a second among the acts."""
_BACK_SECONDS = 5.0
"""After the `retry_after` that an instance named."""


async def killed(scene: Scene) -> None:
    """kill -9 of one of them; another one is started in its place later."""
    one = scene.chance.choice(scene.cluster.instances)
    await one.kill()
    await asyncio.sleep(scene.brief(8))
    await one.start()


async def ended(scene: Scene) -> None:
    """SIGTERM under load: its sockets are told, its requests are finished."""
    one = scene.chance.choice(scene.cluster.instances)
    before = scene.closes()
    status = await one.terminate()
    scene.require(status is not None, f"{one.name} did not end by itself")
    codes = scene.closes() - before
    scene.figures["closed with"] = _shown(codes)
    scene.require(set(codes) <= _ENDS, f"{one.name} drained, and closed with {_shown(codes)}")
    await one.start()


async def rolled(scene: Scene) -> None:
    """Each of them is ended and started again, one after the other."""
    before = scene.closes()
    for one in scene.cluster.instances:
        status = await one.terminate()
        scene.require(status is not None, f"{one.name} did not end by itself")
        await one.start()
        await asyncio.sleep(1)
    scene.figures["closed with"] = _shown(scene.closes() - before)


async def rolled_behind_a_proxy(scene: Scene) -> None:
    """The same behind a proxy, which everybody goes through: no request is answered with
    500 or above, by an instance or by the proxy, and everybody is back in time."""
    failures, closes = scene.failures(), scene.closes()
    for one in scene.cluster.instances:
        status = await one.terminate()
        scene.require(status == 0, f"{one.name} did not end by itself: {status}")
        await one.start()
        await asyncio.sleep(_NOTICED_SECONDS)
    await scene.all_connected(seconds=_BACK_SECONDS)
    failed = scene.failures() - failures
    scene.require(not failed, f"requests failed: {dict(failed)}")
    handshakes = sum((client.handshakes for client in scene.crowd.clients), Counter[str]())
    scene.require(not handshakes, f"handshakes failed: {dict(handshakes)}")
    codes = scene.closes() - closes
    scene.require(set(codes) <= _ENDS, f"sockets were closed with {_shown(codes)}")
    scene.figures["closed with"] = _shown(codes)
    returns = [seconds for client in scene.crowd.clients for seconds in client.returns]
    scene.figures["returns"] = len(returns)
    scene.in_time("back after retry_after", max(returns, default=0.0), _BACK_SECONDS)


async def stalled(scene: Scene) -> None:
    """The event loop of one stands still for three seconds."""
    one = scene.chance.choice(scene.cluster.instances)
    one.hang()
    await asyncio.sleep(3)
    one.resume()


async def everybody_reconnects(scene: Scene) -> None:
    """All sockets at once; what the store has to read for that is bounded."""
    rooms = scene.crowd.ledger.members
    await scene.traffic.pause()
    before = await scene.documents_read()
    await asyncio.gather(*(client.drop() for client in scene.crowd.clients))
    began = time.perf_counter()
    await scene.all_connected(seconds=30)
    scene.figures["all connected (s)"] = round(time.perf_counter() - began, 2)
    read = await scene.documents_read() - before
    once = sum(
        rooms[room.id].get(client.user_id) == {True}
        for client in scene.crowd.clients
        for room in scene.crowd.rooms
    )
    scene.figures["documents read"] = read
    scene.figures["conversations of all sockets"] = once
    most = 2 * once + len(scene.crowd.clients)
    scene.require(read <= most, f"{read:.0f} documents read for {once} conversations of sockets")
    scene.traffic.start()


async def presence_ends(scene: Scene) -> None:
    """Who was connected to a killed instance only is offline within one lease."""
    one = scene.chance.choice(scene.cluster.instances)
    watcher = scene.crowd.people[0]
    guest = await scene.enter_tab(f"{watcher}.guest", one)
    rest = scene.rest_by(watcher, *scene.besides(one))

    async def status() -> str:
        answer = await rest.request("GET", "/presence", user_ids=guest.user_id)
        return str(answer["items"][0]["status"])

    await rest.create_group(guest.user_id, title="With a guest")
    try:
        connected = await status()
    except Refused as refused:
        scene.require(False, f"nobody can be asked who is there: {refused}")
        return
    scene.require(connected != "offline", "somebody with a socket is offline")
    await one.kill()
    began = time.perf_counter()
    while await status() != "offline" and time.perf_counter() - began < 2 * _LEASE_SECONDS:
        await asyncio.sleep(0.5)
    scene.in_time("offline after the kill", time.perf_counter() - began, _LEASE_SECONDS + 5)
    await one.start()


def _shown(codes: Counter[int]) -> str:
    return ", ".join(f"{code}: {many}" for code, many in sorted(codes.items())) or "none"


CASES: Sequence[Case] = (
    Case(name="instance-killed", act=killed, delivers_within=10.0),
    Case(
        name="many-instance-killed",
        act=killed,
        delivers_within=10.0,
        settings={"CHAT_MAX_BEACONS": "0"},
    ),
    Case(name="instance-ended", act=ended, delivers_within=5.0),
    Case(name="instances-rolled", act=rolled, delivers_within=5.0),
    *(
        Case(
            name=f"rolled-behind-{proxy}",
            act=rolled_behind_a_proxy,
            proxies=(proxy,),
            size=_PROXIED,
            postgres=True,
        )
        for proxy in PROXIES
    ),
    Case(name="instance-stalled", act=stalled, delivers_within=5.0),
    Case(name="everybody-reconnects", act=everybody_reconnects, delivers_within=5.0),
    Case(name="presence-ends", act=presence_ends),
)
