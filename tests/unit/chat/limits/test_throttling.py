"""Throttling: without limits nothing waits and nothing is refused."""

from typing import Any

from chat.limits.throttling import turn
from messaging.concurrency.turns import Turns


async def test_nothing_waits_without_limits(settings: Any) -> None:
    settings.CHAT_RATE_LIMITS = False
    turns = Turns(places=1, most_waiting=0)

    async with turn(turns, "ann"), turn(turns, "ann"):
        pass
