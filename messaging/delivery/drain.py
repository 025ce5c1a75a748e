"""Draining: a stopping instance makes its clients reconnect elsewhere, spread over time."""

import asyncio
import random

import structlog

from messaging.delivery.hub.connections import Connections, Ending
from messaging.wire.events import EventEncoder

logger = structlog.get_logger(__name__)

_NOTICE_SECONDS = 1.0
_SOONEST_SECONDS = 1.0
_LATEST_SECONDS = 5.0


async def announce_end(connections: Connections, events: EventEncoder) -> None:
    """Send each client a time to reconnect, spread over some seconds, and wait a moment in which
    events and answers still reach it."""
    if len(connections) == 0:
        return
    for connection in connections.everyone():
        retry_after = round(random.uniform(_SOONEST_SECONDS, _LATEST_SECONDS), 1)
        connection.transmit(events.draining(retry_after))
    await asyncio.sleep(_NOTICE_SECONDS)


async def end_all(connections: Connections, *, seconds: float) -> None:
    """End every connection, and wait until all have gone, for at most this many seconds.

    A client that does not read is not waited for: its socket ends with the process.
    """
    for connection in connections.everyone():
        connection.end(Ending.DRAINING)
    try:
        async with asyncio.timeout(seconds):
            await connections.all_left()
    except TimeoutError:
        logger.warning("drain.connections_remaining", connections=len(connections))
