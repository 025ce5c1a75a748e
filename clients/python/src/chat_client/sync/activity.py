"""Whether the person looks at the app, and what the app has shown them.

A person who is active and acknowledges a message within eight seconds gets no push for it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from chat_client.concurrency.tasks import Tasks
from chat_client.errors import ChatError
from chat_client.models import Conversation
from chat_client.sync.typing_indicators import Command

_REPEAT = 60.0
_MAX_AT_ONCE = 20
"""How many unread conversations are acknowledged when the person comes back."""


class Activity:
    def __init__(
        self, command: Command, tasks: Tasks, unread: Callable[[], Sequence[Conversation]]
    ) -> None:
        """`unread` returns the conversations with unread messages."""
        self.is_active = False
        self._command = command
        self._tasks = tasks
        self._unread = unread
        self._timer: asyncio.TimerHandle | None = None
        self._arrived: dict[str, int] = {}
        """The latest message to acknowledge, by conversation id."""

    def become(self, is_active: bool) -> None:
        if is_active is self.is_active:
            return
        self.is_active = is_active
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if is_active:
            self._repeat()
            self._acknowledge_unread()
        else:
            self._say("activity", active=False)

    def resume(self) -> None:
        """There is a new socket: the server begins without it."""
        if self.is_active:
            self._say("activity", active=True)
            self._acknowledge_unread()

    def arrived(self, conversation_id: str, seq: int) -> None:
        """A message came."""
        if not self.is_active:
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._acknowledge)
        self._arrived[conversation_id] = seq

    def _repeat(self) -> None:
        self._say("activity", active=True)
        self._timer = asyncio.get_running_loop().call_later(_REPEAT, self._repeat)

    def _acknowledge_unread(self) -> None:
        for one in self._unread()[:_MAX_AT_ONCE]:
            self.arrived(one.id, one.seq)

    def _acknowledge(self) -> None:
        arrived, self._arrived = self._arrived, {}
        for conversation_id, seq in arrived.items():
            self._say("receipt.delivered", conversation_id=conversation_id, seq=seq)

    def _say(self, type_: str, **fields: Any) -> None:
        self._tasks.start(self._said(type_, fields))

    async def _said(self, type_: str, fields: dict[str, Any]) -> None:
        # A lost command is harmless: the server then takes the person for away.
        with contextlib.suppress(ChatError):
            await self._command(type_, fields)
