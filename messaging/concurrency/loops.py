"""Loops that run as long as their owner: an unexpected exception does not end them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

logger = structlog.get_logger(__name__)


def _always() -> bool:
    return True


async def repeat(
    step: Callable[[], Awaitable[object]],
    *,
    failed: str,
    pause: float = 1.0,
    during: Callable[[], object] = _always,
) -> None:
    """Await `step` again and again, as long as `during` returns something true.

    The step waits by itself for the time of its next work, and handles the exceptions that it
    expects. Any other exception is a bug in one of its parts. It is logged under the action
    `failed`, once until a step succeeds again, and the loop goes on after `pause` seconds. So the
    state that a step needs must survive its failure. Cancellation ends the loop.
    """
    failing = False
    while during():
        try:
            await step()
        except Exception:
            if not failing:
                logger.exception(failed)
            failing = True
            await asyncio.sleep(pause)
        else:
            failing = False


async def until_wanted(wanted: asyncio.Event, *, seconds: tuple[float, float]) -> None:
    """Wait until the next step is wanted, or for a random time within these bounds: the processes
    that run the same loop spread over it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(random.uniform(*seconds)):
            await wanted.wait()
    wanted.clear()
