"""Questions that one request can ask together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

_MAX_IDS = 100
"""What one request may name."""


class Batches(Generic[T]):
    def __init__(self, ask: Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]) -> None:
        """`ask` returns the answers by id."""
        self._ask = ask
        self._next: tuple[dict[str, None], asyncio.Task[Mapping[str, T]]] | None = None
        self._open: set[asyncio.Task[Mapping[str, T]]] = set()

    async def ask(self, id_: str) -> T | None:
        """Ask together with the others of this step of the event loop. Returns None if the answer
        does not name it."""
        ids, answers = self._next or self._begin()
        ids[id_] = None
        if len(ids) == _MAX_IDS:
            self._next = None
        return (await asyncio.shield(answers)).get(id_)

    def _begin(self) -> tuple[dict[str, None], "asyncio.Task[Mapping[str, T]]"]:
        ids: dict[str, None] = {}
        task = asyncio.ensure_future(self._answers(ids))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        self._next = (ids, task)
        return self._next

    async def _answers(self, ids: dict[str, None]) -> Mapping[str, T]:
        await asyncio.sleep(0)
        if self._next is not None and self._next[0] is ids:
            self._next = None
        return await self._ask(list(ids))
