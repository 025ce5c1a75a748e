"""A moderation hook in a process of its own, as an operator's is: what it costs is not charged to
the sends that wait for it. A line of JSON for each that it reads (see `tests.benchmarks.children`).
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from messaging.moderation.hook import SECONDS
from tests.benchmarks.children import carry_out
from tests.integration.outbound.hooks import Answer, Handle, Hook, Received, answer

ALLOW = answer(200, b'{"action": "allow"}')
WRONG = (answer(500), answer(200, b"{"), answer(200, b'{"action": "maybe"}'), b"?\r\n\r\n")


def after(seconds: float) -> Handle:
    async def allow(_: Received) -> Answer:
        await asyncio.sleep(seconds)
        return ALLOW

    return allow


def wrong() -> Handle:
    answers = itertools.cycle(WRONG)
    return lambda _: next(answers)


BEHAVIOURS: Mapping[str, Callable[[], Handle]] = {
    "allows": lambda: lambda _: ALLOW,
    "slow": lambda: after(SECONDS / 4),
    "hung": lambda: lambda _: None,
    "late": lambda: after(SECONDS * 1.5),
    "wrong": wrong,
}
_hook = Hook(BEHAVIOURS["allows"]())


async def listen() -> dict[str, Any]:
    return {"url": _hook.url}


async def behave(behaviour: str) -> dict[str, Any]:
    _hook.handle = BEHAVIOURS[behaviour]()
    return {}


async def received() -> dict[str, Any]:
    return {"received": len(_hook.received)}


WORK: Mapping[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    work.__name__: work for work in (listen, behave, received)
}


async def main() -> None:
    async with _hook.run():
        await carry_out(WORK)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
