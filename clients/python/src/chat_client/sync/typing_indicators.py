"""Typing indicators of other people, and my own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from chat_client.concurrency.tasks import Tasks
from chat_client.errors import ChatError

_TELL_EVERY = 3.1
"""The server accepts one in three seconds."""
_LONGEST = 60.0
"""An indicator without a sensible end does not stay."""


class Command(Protocol):
    """Sends a command of the socket. Raises ChatError."""

    def __call__(self, type_: str, fields: dict[str, Any], /) -> Awaitable[Any]: ...


class TypingIndicators:
    """Who is typing, each until the indicator expires."""

    def __init__(self, on_change: Callable[[str], None]) -> None:
        self._timers: dict[str, dict[str, asyncio.TimerHandle]] = {}
        """By conversation and user id."""
        self._on_change = on_change

    def people(self, conversation_id: str) -> Sequence[str]:
        return tuple(self._timers.get(conversation_id, ()))

    def started(self, conversation_id: str, user_id: str, at: str, expires_at: str) -> None:
        """Both times are the server's: this machine's clock may be wrong."""
        self.stopped(conversation_id, user_id)
        left = datetime.fromisoformat(expires_at) - datetime.fromisoformat(at)
        seconds = min(_LONGEST, left.total_seconds())
        if seconds > 0:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(seconds, self.stopped, conversation_id, user_id)
            self._timers.setdefault(conversation_id, {})[user_id] = timer
            self._on_change(conversation_id)

    def stopped(self, conversation_id: str, user_id: str) -> None:
        people = self._timers.get(conversation_id, {})
        timer = people.pop(user_id, None)
        if timer is not None:
            timer.cancel()
            if not people:
                del self._timers[conversation_id]
            self._on_change(conversation_id)

    def clear(self, conversation_id: str | None = None) -> None:
        """End the indicators of one conversation, or of all."""
        for id_ in list(self._timers) if conversation_id is None else [conversation_id]:
            for user_id in self.people(id_):
                self.stopped(id_, user_id)


class TypingTeller:
    """Tells that I type, no more often than the server accepts."""

    def __init__(self, command: Command, tasks: Tasks) -> None:
        self._command = command
        self._tasks = tasks
        self._where: str | None = None
        """The conversation in which I type."""
        self._is_told = False
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def typing(self, conversation_id: str) -> None:
        """Call this at every change of the text."""
        if self._where != conversation_id:
            self.stop()
        self._where = conversation_id
        if self._timer is None:
            loop = asyncio.get_running_loop()
            at = max(loop.time(), self._next_at)
            self._timer = loop.call_at(at, self._tell, conversation_id)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_told and self._where is not None:
            self._tasks.start(self._say("typing.stop", self._where))
        self._is_told = False
        self._where = None

    def _tell(self, conversation_id: str) -> None:
        self._timer = None
        self._is_told = True
        self._next_at = asyncio.get_running_loop().time() + _TELL_EVERY
        self._tasks.start(self._say("typing.start", conversation_id))

    async def _say(self, type_: str, conversation_id: str) -> None:
        try:
            await self._command(type_, {"conversation_id": conversation_id})
        except ChatError as error:  # a lost indicator is harmless
            rest = asyncio.get_running_loop().time() + (error.retry_after or 0)
            self._next_at = max(self._next_at, rest)
