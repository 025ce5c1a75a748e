"""Tasks that serve many requests, or none."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def start_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run it in a task without the context of whoever happened to start it: the ids of that
    request would stand in the log lines of all others."""
    return asyncio.create_task(work, context=contextvars.Context())
