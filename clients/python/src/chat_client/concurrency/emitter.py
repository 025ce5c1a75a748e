"""Events for callbacks, and for an async iterator."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar
from weakref import WeakSet

from chat_client.concurrency.observable import refuse_async
from chat_client.errors import ChatError, EventsLost
from chat_client.events import ChatEvent

MAX_UNREAD = 10_000
"""An iterator that its reader does not follow ends with an error, rather than with a silent gap."""

E = TypeVar("E")

_log = logging.getLogger("chat_client")


class Events(Generic[E]):
    """The events from its creation on. An iterator that nobody holds any more costs nothing."""

    def __init__(self, kinds: tuple[type[E], ...]) -> None:
        self._kinds = kinds
        self._unread: deque[E] = deque()
        self._woken = asyncio.Event()
        self._end: BaseException | None = None

    def put(self, event: ChatEvent) -> None:
        if self._end is not None or (self._kinds and not isinstance(event, self._kinds)):
            return
        if len(self._unread) < MAX_UNREAD:
            self._unread.append(event)  # type: ignore[arg-type]  # of these kinds, or of all
        else:
            text = f"Events came faster than they were read: {MAX_UNREAD} wait."
            self.end(EventsLost(text, code="events_lost"))
        self._woken.set()

    def end(self, reason: BaseException) -> None:
        """Raise this after the last event that was read."""
        self._end = self._end or reason
        self._woken.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        """Raises EventsLost if the reader was too slow, SessionEnded if the server ended the
        session."""
        while not self._unread:
            if self._end is not None:
                raise self._end
            self._woken.clear()
            await self._woken.wait()
        return self._unread.popleft()


class Emitter:
    def __init__(self) -> None:
        self._listeners: list[tuple[type[Any], Callable[[Any], object]]] = []
        self._iterators: WeakSet[Events[Any]] = WeakSet()
        self._has_ended = False
        self._reason: ChatError | None = None

    def begin(self) -> None:
        """The session begins: iterators from now on get its events."""
        self._has_ended = False

    def on(self, kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
        """Call `listener` at every event of a kind. Returns a function that ends this. Raises
        TypeError for an async function."""
        refuse_async(listener)
        entry = (kind, listener)
        self._listeners.append(entry)

        def end() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return end

    def emit(self, event: ChatEvent) -> None:
        for iterator in list(self._iterators):
            iterator.put(event)
        for kind, listener in list(self._listeners):
            if not isinstance(event, kind):
                continue
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a mistake in an app must not stop the client
                _log.exception("a listener failed")

    def events(self, kinds: tuple[type[E], ...]) -> Events[E]:
        iterator = Events(kinds)
        if self._has_ended:
            iterator.end(self._reason or StopAsyncIteration())
        else:
            self._iterators.add(iterator)
        return iterator

    def end(self, reason: ChatError | None) -> None:
        """End all iterators, with an error or without one; also new ones, until `begin`."""
        if not self._has_ended:
            self._has_ended, self._reason = True, reason
        for iterator in list(self._iterators):
            iterator.end(reason or StopAsyncIteration())
        self._iterators.clear()
