"""A process that acts at random with a search index, and kills itself at a random moment.

Run with `python -m tests.integration.search.dying SEED`.
"""

import asyncio
import os
import random
import signal
import sys
import threading

import django

_AT_ONCE = 4


async def live(seed: int) -> None:
    from messaging.runtime.instance import Instance  # noqa: PLC0415  needs the settings
    from tests.integration.search.world import World  # noqa: PLC0415

    draw = random.Random(seed)
    instance = Instance()
    worlds = [World(instance, seed * _AT_ONCE + number) for number in range(_AT_ONCE)]
    await instance.start()
    for world in worlds:
        await world.found()

    async def act(world: World) -> None:
        while True:
            await world.act()

    running = [asyncio.create_task(act(world)) for world in worlds]
    threading.Timer(draw.uniform(0.3, 1.5), die).start()
    await asyncio.gather(*running)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    django.setup()
    asyncio.run(live(int(sys.argv[1])))
