"""The passage of time, in the tests in which time itself is the matter.

Elsewhere a test waits for what it expects. A sleep before an assertion would hope for it.
"""

import asyncio
from datetime import UTC, datetime


async def lapse(seconds: float) -> None:
    """Let time pass that no event ends: a lease, a grace, an idle connection."""
    await asyncio.sleep(seconds)


async def next_millisecond() -> None:
    """Wait until the clock shows a later millisecond, which is the precision of stored times."""
    begun = _milliseconds()
    while _milliseconds() == begun:
        await asyncio.sleep(0.001)


def _milliseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000)
