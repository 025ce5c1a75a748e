"""Announcements of access: who is waited for, and what acknowledgements of others come to."""

import asyncio
import tracemalloc

from messaging.delivery.link.announcements import Announcements
from messaging.delivery.link.messages import AccessChanged
from messaging.domain.people import Access


async def test_acknowledgements_of_invented_instances_are_not_kept() -> None:
    """Nor do they stand for one that has not acknowledged."""
    said: list[AccessChanged] = []
    announcements = Announcements(publish=said.append, peers=lambda: frozenset({"b"}))
    waiting = asyncio.create_task(announcements.announce(Access(user_id="ann")))
    while not said:
        await asyncio.sleep(0)
    number = said[0].number

    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for invented in range(50_000):
        announcements.acknowledged(number, f"invented-{invented}")
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 500_000
    assert not waiting.done()

    announcements.acknowledged(number, "b")
    await waiting
    await announcements.stop()
