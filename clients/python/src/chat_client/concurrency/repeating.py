"""Repeats what a repetition cannot harm, when the server cannot answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chat_client.concurrency.delays import retry_delay
from chat_client.errors import ChatError

MAX_ATTEMPTS = 5

T = TypeVar("T")


async def repeated(work: Callable[[], Awaitable[T]], attempts: int = MAX_ATTEMPTS) -> T:
    """Raises the ChatError of the last attempt, or of a final refusal."""
    attempt = 0
    while True:
        try:
            return await work()
        except ChatError as error:
            attempt += 1
            if not error.is_retryable or attempt == attempts:
                raise
            await asyncio.sleep(retry_delay(error, attempt - 1))
