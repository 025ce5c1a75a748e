"""What happens on the way to the store: the emulator itself would forget everything."""

import asyncio
from collections.abc import Sequence

from tests.chaos.scene import Case, Scene


async def cut_off(scene: Scene) -> None:
    """No instance reaches the store."""
    for one in scene.cluster.instances:
        one.store.cut()
    await asyncio.sleep(scene.brief(6))
    for one in scene.cluster.instances:
        one.store.mend()


async def hung(scene: Scene) -> None:
    """The store does not answer."""
    for one in scene.cluster.instances:
        one.store.hang()
    await asyncio.sleep(scene.brief(6))
    for one in scene.cluster.instances:
        one.store.mend()


async def cut_off_in_part(scene: Scene) -> None:
    """One instance does not reach the store."""
    one = scene.chance.choice(scene.cluster.instances)
    one.store.cut()
    await asyncio.sleep(scene.brief(6))
    one.store.mend()


CASES: Sequence[Case] = (
    Case(name="store-cut-off", act=cut_off),
    Case(name="store-hung", act=hung),
    Case(name="store-cut-off-in-part", act=cut_off_in_part),
)
