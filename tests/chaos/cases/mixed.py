"""Five minutes in which something else breaks every ten seconds, in the order of the seed."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace

from tests.chaos.cases import instances, redis, store
from tests.chaos.scene import Act, Case, Scene

_SECONDS = 300.0
_PERIOD_SECONDS = 10.0
_LONGEST_FAULT = 5.0

_FAULTS: Sequence[Act] = (
    redis.killed,
    redis.hung,
    redis.restarted_empty,
    redis.slow,
    redis.out_of_memory,
    redis.read_only,
    redis.wrong_password,
    redis.cut_off,
    redis.cut_off_silently,
    redis.links_killed,
    instances.killed,
    instances.ended,
    instances.stalled,
    store.cut_off_in_part,
)


async def mixed(scene: Scene) -> None:
    began = time.perf_counter()
    order = random.Random(f"faults {scene.seed}")
    while (passed := time.perf_counter() - began) < _SECONDS:
        fault = order.choice(_FAULTS)
        scene.say(f"  {passed:4.0f} s  {fault.__module__.rpartition('.')[2]}: {fault.__name__}")
        await fault(replace(scene, longest=_LONGEST_FAULT))
        rest = _PERIOD_SECONDS - (time.perf_counter() - began - passed)
        await asyncio.sleep(max(rest, 0))


CASES: Sequence[Case] = (Case(name="mixed", act=mixed),)
