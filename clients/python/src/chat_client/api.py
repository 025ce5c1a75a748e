"""What one person, or one service, does over REST: for back ends, which need no socket.

Requests that a repetition cannot harm are repeated when the server cannot answer.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from types import NoneType
from typing import Any, TypeVar, Unpack

import httpx

from chat_client.concurrency.repeating import repeated
from chat_client.connection.rest import Rest, conversation_path
from chat_client.conversation import MessageFields
from chat_client.models import Conversation, ConversationPage, Message, MessagePage

T = TypeVar("T")


class Api:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self.request = rest.request
        """Sends any request of REST, once. `path` is below /api/v1, such as `users`. `kind` is the
        type of the answer. Raises ChatError."""

    @property
    def http(self) -> httpx.AsyncClient:
        """For requests to other hosts, such as the storage of files: they carry no token."""
        return self._rest.http

    def now(self) -> datetime:
        """Return the server's time, as far as it is known. The clock of this machine may be
        wrong."""
        return self._rest.clock.now()

    async def send(
        self,
        conversation_id: str,
        text: str,
        *,
        client_id: str | None = None,
        **fields: Unpack[MessageFields],
    ) -> Message:
        """Send a message, once. With a `client_id` of your own, another call with the same content
        returns the first message. Raises ChatError."""
        body = {"text": text, "client_id": client_id or uuid.uuid4().hex, **fields}
        return await self._repeated("POST", (conversation_id, "messages"), Message, body)

    async def edit(self, conversation_id: str, message_id: str, text: str) -> Message:
        where = (conversation_id, "messages", message_id)
        return await self._repeated("PATCH", where, Message, {"text": text})

    async def delete(self, conversation_id: str, message_id: str) -> None:
        """Delete a message for everybody."""
        await self._repeated("DELETE", (conversation_id, "messages", message_id), NoneType)

    async def react(self, conversation_id: str, message_id: str, emoji: str) -> Message:
        where = (conversation_id, "messages", message_id, "reactions", emoji)
        return await self._repeated("PUT", where, Message)

    async def unreact(self, conversation_id: str, message_id: str, emoji: str) -> Message:
        where = (conversation_id, "messages", message_id, "reactions", emoji)
        return await self._repeated("DELETE", where, Message)

    async def read(self, conversation_id: str, seq: int) -> None:
        """Move the read position: it never moves back."""
        await self._repeated("POST", (conversation_id, "read"), dict[str, Any], {"seq": seq})

    async def conversation(self, conversation_id: str) -> Conversation:
        return await self._repeated("GET", (conversation_id,), Conversation)

    async def conversations(self, *, limit: int = 100) -> AsyncIterator[Conversation]:
        """Yield the conversations, the latest activity first. `limit` is that of one page."""
        cursor: str | None = None
        while True:
            query = {"limit": limit, "cursor": cursor}
            page = await self._repeated("GET", (), ConversationPage, query=query)
            for one in page.items:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    async def messages(
        self, conversation_id: str, *, before: int | None = None, limit: int = 100
    ) -> AsyncIterator[Message]:
        """Yield the messages below this `seq` (all), the latest first. `limit` is that of one
        page."""
        where = (conversation_id, "messages")
        while True:
            query = {"before": before, "limit": limit}
            page = await self._repeated("GET", where, MessagePage, query=query)
            for one in reversed(page.items):
                yield one
            if not page.items or not page.has_more_before:
                return
            before = page.items[0].seq

    async def _repeated(
        self,
        method: str,
        where: tuple[str, ...],
        kind: type[T],
        body: object = None,
        query: Mapping[str, object] | None = None,
    ) -> T:
        """Repeat a request that a repetition cannot harm. `where` is below `conversations`."""
        path = conversation_path(*where)
        return await repeated(
            lambda: self._rest.request(method, path, query=query, body=body, kind=kind)
        )
