"""What happens when the instances and the worker are replaced by those of another release."""

import asyncio
import re
import subprocess
import time
from collections import Counter
from collections.abc import Sequence

import httpx

from tests.chaos.cluster import Instance, migrate
from tests.chaos.phones import Phones
from tests.chaos.scene import Case, Scene
from tests.releases import PRESENT, Release

_LINK_VERSION = re.compile(r"^chat_link_version (\S+)", re.MULTILINE)
_RATE = 15.0
_DELIVERS_SECONDS = 10.0
_TRIES = 20
_NOT_UNDERSTOOD = ("link.bad_message", "link.message_refused", "job.malformed", "job.failed")
"""Lines of either release about messages between instances, and about jobs."""
_OLDEST, _NEWEST = 1.0, 2.0
_BACK_SECONDS = 5.0
"""After the `retry_after` that an instance named."""
_SPEAKS_SECONDS = 60.0


async def rolled_forward_and_back(scene: Scene) -> None:
    """From the previous release to this one, one process after the other, back again, and forward
    once more; in the short form only one instance goes back. The database is migrated while the
    previous release serves."""
    previous = scene.cluster.release
    phones = Phones(scene)
    async with phones.ringing():
        await _migrate(scene)
        await _roll(scene, PRESENT)
        if scene.short:
            await _replace(scene, scene.cluster.instances[0], previous)
        else:
            await _roll(scene, previous)
            await _roll(scene, PRESENT)
    await scene.traffic.pause()
    await phones.check()
    scene.traffic.start()
    _judge_failures(scene)
    restores = sum(client.restores for client in scene.crowd.clients)
    scene.require(not restores, f"{restores} clients were told of a restored store")


def _judge_failures(scene: Scene) -> None:
    """No answer is 500 or above. What the store did not answer in time is a figure where the
    previous release says so, and in the short form, which machines run that are busy."""
    failures = scene.failures()
    late = {what: many for what, many in failures.items() if "store_unavailable" in what}
    if not scene.short:
        late = {what: many for what, many in late.items() if what.startswith("previous")}
    for what, many in late.items():
        scene.figures[what] = many
    wrong = {what: many for what, many in failures.items() if what not in late}
    scene.require(not wrong, f"answered with 500 or above: {wrong}")
    if scene.cluster.proxies:
        handshakes = sum((client.handshakes for client in scene.crowd.clients), Counter[str]())
        scene.require(not handshakes, f"handshakes failed: {dict(handshakes)}")
        returns = [seconds for client in scene.crowd.clients for seconds in client.returns]
        scene.figures["returns"] = len(returns)
        scene.in_time("back after retry_after", max(returns, default=0.0), _BACK_SECONDS)


async def _migrate(scene: Scene) -> None:
    """As docs/upgrade.md says: no lock is waited for long, and what failed is repeated."""
    environment = {**scene.cluster.environment, "PGOPTIONS": "-c lock_timeout=1s"}
    for tries in range(_TRIES):
        try:
            await asyncio.to_thread(migrate, PRESENT, environment)
        except subprocess.CalledProcessError:
            if tries == _TRIES - 1:
                raise
        else:
            return


async def _roll(scene: Scene, release: Release) -> None:
    """Replace each instance, one after the other, then the worker."""
    assert scene.cluster.notifications is not None
    for one in scene.cluster.instances:
        await _replace(scene, one, release)
    ended = scene.cluster.notifications.release
    status = await scene.cluster.notifications.replace_worker(release)
    scene.require(status == 0, f"the worker ({ended.name}) ended with {status}")
    _read_log(scene, f"the worker ({ended.name})", ended, scene.cluster.notifications.log_before)


async def _replace(scene: Scene, one: Instance, release: Release) -> None:
    """Drain and end an instance, and start the other release in its place, by the steps of
    docs/upgrade.md."""
    ended = one.release
    await scene.cluster.leave_out(one)
    status = await one.terminate()
    scene.require(status is not None, f"{one.name} ({ended.name}) did not end by itself")
    _read_log(scene, f"{one.name} ({ended.name})", ended, one.log_before)
    one.release = release
    await one.start()
    await one.become_ready()
    await scene.cluster.leave_out()
    await _require_format(scene)
    await asyncio.sleep(0 if scene.short else 5)


def _read_log(scene: Scene, whose: str, release: Release, log: str) -> None:
    """Each release understands the messages and jobs of the other, and this one logs no exception.
    Other exceptions of the previous one are a figure: its faults are not mended here."""
    if not scene.short:
        scene.say(f"  {time.perf_counter() - scene.began:4.0f} s  {whose} has ended")
    for what in _NOT_UNDERSTOOD:
        lines = [line for line in log.splitlines() if what in line]
        scene.require(not lines, f"{whose} did not understand {len(lines)}: {lines[:1]}")
    exceptions = log.count("Traceback (most recent call last)")
    if release is PRESENT:
        first = log[log.find("Traceback (most recent call last)") - 300 :][:1500]
        scene.require(not exceptions, f"{whose} logged {exceptions} exceptions: {first}")
    elif exceptions:
        scene.figures[f"exceptions of {whose}"] = exceptions


async def _require_format(scene: Scene) -> None:
    """The instances of this release speak the newest format that all live ones read."""
    present = [one for one in scene.cluster.instances if one.release is PRESENT]
    expected = _NEWEST if len(present) == len(scene.cluster.instances) else _OLDEST
    end = asyncio.get_running_loop().time() + _SPEAKS_SECONDS
    spoken: list[float] = []
    async with httpx.AsyncClient(trust_env=False) as http:
        while asyncio.get_running_loop().time() < end:
            pages = [(await http.get(f"{one.url}/metrics")).text for one in present]
            spoken = [float(one) for page in pages for one in _LINK_VERSION.findall(page)]
            if spoken == [expected] * len(present):
                return
            await asyncio.sleep(0.5)
    scene.require(False, f"the instances speak format {spoken}, not {expected}")


CASES: Sequence[Case] = tuple(
    Case(
        name=name,
        act=rolled_forward_and_back,
        upgrade=True,
        rate=_RATE,
        delivers_within=_DELIVERS_SECONDS,
        postgres=postgres,
        proxies=proxies,
    )
    for name, postgres, proxies in (
        ("rolled-forward-and-back", True, ()),
        ("rolled-on-firestore", False, ()),
        ("upgraded-behind-nginx", True, ("nginx",)),
        ("upgraded-on-firestore-behind-nginx", False, ("nginx",)),
    )
)
