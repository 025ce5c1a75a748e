"""Moves of the store while people chat, on instances whose database is a PostgreSQL."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import uuid4

from tests.chaos.crowd import Size
from tests.chaos.scene import Case, Scene
from tests.clients.rest import Data, Refused, Rest
from tests.releases import PRESENT

T = TypeVar("T")

_ANSWER_SECONDS = 120.0
"""As long as the crowd tries: on a busy machine, an instance connects late through its relay."""
REFUSED_SECONDS = 5.0
"""The most that sends are refused for."""
_SENDS_A_SECOND = 50
_TRIES = 6
_COMMAND_SECONDS = 110.0
_FIFTY = Size(people=60, tabs=2, conversations=30, largest=40, rate=20)
"""Besides the 50 sends a second of `Sends`."""


class Sends:
    """Sends of one person into a group, at a fixed rate, none of them tried again."""

    def __init__(self, rest: Rest, conversation_id: str, rate: float) -> None:
        self.acknowledged: list[Data] = []
        self.refused = 0
        self.longest = 0.0
        """The longest time in which every send was refused."""
        self._rest = rest
        self._conversation_id = conversation_id
        self._rate = rate
        self._refused_since: float | None = None

    async def send(self) -> None:
        """Send until it is cancelled."""
        async with asyncio.TaskGroup() as together:
            for number in range(1_000_000):
                together.create_task(self._one(number))
                await asyncio.sleep(1 / self._rate)

    async def _one(self, number: int) -> None:
        begun = time.perf_counter()
        try:
            message = await self._rest.send(self._conversation_id, str(number), uuid4().hex)
        except Refused as refused:
            if refused.code != "store_unavailable":
                raise
            self.refused += 1
            self._refused_since = min(self._refused_since or begun, begun)
        else:
            self.acknowledged.append(message)
            if self._refused_since is not None and begun > self._refused_since:
                self.longest = max(self.longest, time.perf_counter() - self._refused_since)
                self._refused_since = None


@asynccontextmanager
async def sends(scene: Scene) -> AsyncIterator[Sends]:
    """Somebody sends during the body. Afterwards, each acknowledged message is there once, in the
    order of its number, and sends were not refused for longer than promised."""
    rest = scene.rest_of(f"sender-{uuid4().hex[:8]}")
    reader = f"reader-{uuid4().hex[:8]}"
    group = await _answered(lambda: rest.create_group(reader, title="Moved"))
    found = Sends(rest, group["id"], scene.many(_SENDS_A_SECOND))
    sending = asyncio.create_task(found.send())
    try:
        yield found
    finally:
        await asyncio.sleep(1)  # a send after the switch ends the time of refusals
        sending.cancel()
        await asyncio.wait([sending])
    history = await _answered(lambda: rest.history(group["id"]))
    stored = {one["id"]: one for one in history}
    seqs = [one["seq"] for one in stored.values()]
    scene.require(seqs == sorted(set(seqs)), "the numbers of the messages are not in order")
    lost = [one["id"] for one in found.acknowledged if one["id"] not in stored]
    scene.require(not lost, f"{len(lost)} acknowledged messages are lost")
    moved = [one for one in found.acknowledged if one["seq"] != stored[one["id"]]["seq"]]
    scene.require(not moved, f"{len(moved)} messages have another number than acknowledged")
    scene.require(len(found.acknowledged) > 0, "nothing was sent")
    scene.figures["sent beside"] = len(found.acknowledged)
    scene.figures["refused beside"] = found.refused


async def _answered(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try again while the store does not answer."""
    end = time.perf_counter() + _ANSWER_SECONDS
    while True:
        try:
            return await attempt()
        except Refused as refused:
            if refused.status < 500 or time.perf_counter() > end:
                raise
            await asyncio.sleep(0.5)


async def _command(scene: Scene, *options: str) -> str:
    return await asyncio.to_thread(
        PRESENT.manage, scene.cluster.environment, "move_store", *options
    )


async def move(scene: Scene, *options: str) -> None:
    """Move the store, and hold the time of refusals against the promise."""
    async with sends(scene) as found:
        try:
            words = await _command(scene, *options)
        except subprocess.CalledProcessError as error:
            scene.require(False, f"move_store {options}: {error.stdout}{error.stderr}")
            return
    scene.say(" · ".join(line for line in words.splitlines() if "freeze" in line.lower()))
    name = f"refused in {'-'.join(one.strip('-') for one in options)}"
    scene.in_time(name, found.longest, REFUSED_SECONDS)


TO_FIRESTORE = ("--from", "sql", "--to", "firestore")


async def moved_and_back(scene: Scene) -> None:
    """To Firestore, and back by `--undo`."""
    await move(scene, *TO_FIRESTORE)
    status = await _command(scene, "--status")
    scene.require("The store in use is firestore." in status, status)
    await move(scene, "--undo")
    status = await _command(scene, "--status")
    scene.require("The store in use is sql." in status, status)
    scene.require("not confirmed" not in status, status)


async def _killed(scene: Scene, seconds: float) -> bool:
    """Run the command, and kill it after so many seconds. Return whether it had ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "move_store", *TO_FIRESTORE),
        cwd=PRESENT.directory,
        env={**os.environ, **scene.cluster.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return False
    return True


async def command_killed(scene: Scene) -> None:
    """The command is killed again and again, at random moments; the last call goes on. A freeze
    without a command ends by itself."""
    async with sends(scene) as found:
        for _ in range(2 if scene.short else _TRIES):
            if await _killed(scene, scene.chance.uniform(3, 25)):
                break
            await asyncio.sleep(21)  # its lease ends
    scene.in_time("refused in killed moves", found.longest, REFUSED_SECONDS)
    status = await _command(scene, "--status")
    if "The store in use is firestore." not in status:
        await move(scene, *TO_FIRESTORE)
    await move(scene, "--undo")


async def instance_killed(scene: Scene) -> None:
    """An instance dies during the move, and starts again: with the former CHAT_STORE, it uses the
    store in force. The command compares everything once more."""
    one = scene.chance.choice(scene.cluster.instances)

    async def kill() -> None:
        await asyncio.sleep(scene.chance.uniform(11, 20))
        await one.kill()
        await asyncio.sleep(2)
        await one.start()

    killing = asyncio.create_task(kill())
    words = await _command(scene, *TO_FIRESTORE)
    await killing
    scene.say(" · ".join(words.splitlines()))
    await move(scene, "--undo", "--gone")


async def cut_off_from_database(scene: Scene) -> None:
    """An instance cannot reach the database while the store is moved back from Firestore: it writes
    nothing unnoticed, and uses the other store once it can."""
    await move(scene, *TO_FIRESTORE)
    one = scene.chance.choice(scene.cluster.instances)

    async def cut() -> None:
        await asyncio.sleep(scene.chance.uniform(8, 16))
        one.store.cut()
        await asyncio.sleep(25)
        one.store.mend()

    cutting = asyncio.create_task(cut())
    words = await _command(scene, "--undo")
    await cutting
    scene.say(" · ".join(words.splitlines()))


CASES: Sequence[Case] = tuple(
    Case(name=name, act=act, instances=instances, postgres=True, moves=True, size=_FIFTY)
    for name, act, instances in (
        ("store-moved", moved_and_back, 2),
        ("move-killed", command_killed, 2),
        ("instance-killed-in-move", instance_killed, 3),
        ("cut-off-in-move", cut_off_from_database, 3),
    )
)
