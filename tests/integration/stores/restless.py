"""A conversation that never rests: somebody sends before each read, as often as reads are slow."""

from collections.abc import Awaitable, Callable
from typing import Any


class BeforeReads:
    """A part of a store. Before each read of it, something happens."""

    def __init__(self, part: object, happens: Callable[..., Awaitable[None]]) -> None:
        self._part = part
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not name.startswith(("get_", "list_", "read_")):
            return found

        async def read(*args: Any, **kwargs: Any) -> Any:
            await self._happens(*args)
            return await found(*args, **kwargs)

        return read
