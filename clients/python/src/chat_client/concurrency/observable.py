"""An observable value: `subscribe` and `snapshot`.

A snapshot never changes. The same snapshot is returned until the value changes. All changes of one
step of the event loop reach the listeners together.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_log = logging.getLogger("chat_client")


def refuse_async(listener: Callable[..., object]) -> None:
    """Raises TypeError: nobody would await what an async function returns."""
    if inspect.iscoroutinefunction(listener):
        text = "A listener must not be an async function. Iterate over `events()`, or start a task."
        raise TypeError(text)


class Observable(Protocol[T_co]):
    """What an app can show."""

    @property
    def snapshot(self) -> T_co: ...

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]: ...


class Store(Generic[T]):
    """An observable whose snapshots are made when they are asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        """The present snapshot; empty if it must be made."""
        self._listeners: list[Callable[[], object]] = []
        self._scheduled = False

    @property
    def snapshot(self) -> T:
        """The present value."""
        if not self._made:
            self._made.append(self._make())
        return self._made[0]

    @property
    def is_observed(self) -> bool:
        return bool(self._listeners)

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change. Returns a function that ends this. Raises TypeError
        for an async function."""
        refuse_async(listener)
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def changed(self) -> None:
        """The next snapshot is another one."""
        self._made.clear()
        if self._listeners and not self._scheduled:
            asyncio.get_running_loop().call_soon(self._tell)
            self._scheduled = True

    def _tell(self) -> None:
        self._scheduled = False
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:  # noqa: BLE001 - a mistake in an app must not stop the client
                _log.exception("a listener failed")
