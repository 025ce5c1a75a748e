"""Runs the first step of a coroutine by hand. Most sends and commands end in it, and need neither a
task nor a timer."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(coroutine: Coroutine[Any, Any, T], seconds: float | None) -> T:
    """Await a coroutine. After its first step it has so many seconds, or any time with None. Raises
    TimeoutError."""
    try:
        awaited = coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    if seconds is None:
        return await resumed(coroutine, awaited)
    async with asyncio.timeout(seconds):
        return await resumed(coroutine, awaited)


@types.coroutine
def resumed(coroutine: Coroutine[Any, Any, T], awaited: object) -> Generator[object, Any, T]:
    """Run the rest of a coroutine whose first step was run by hand and is waiting for `awaited`.

    The first step must have run in the task that awaits this, if the coroutine uses its task, as
    `asyncio.timeout` does.
    """
    try:
        while True:
            try:
                sent = yield awaited
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - a cancellation, mostly
                awaited = coroutine.throw(error)
            else:
                awaited = coroutine.send(sent)
    except StopIteration as done:
        result: T = done.value
        return result
