"""The messages that the server has not acknowledged.

Each has a `client_id`, so that sending it again never makes a second message. The messages of a
conversation leave in order: the next one after a final answer to the one before it.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from chat_client.concurrency.delays import retry_delay
from chat_client.concurrency.tasks import Tasks
from chat_client.errors import ChatError, Discarded, InvalidRequest, OutboxFull, SessionEnded
from chat_client.models import Message

MAX_WAITING = 1000
"""How many messages may wait."""
_MAX_SENDING = 4
"""Conversations that send at the same time."""
_LEAST_REST = 2.0
"""A refusal for the rate counts against the client: the least time before the next attempt."""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way; `error` says why it was refused for good."""

    conversation_id: str
    client_id: str
    created_at: datetime
    fields: Mapping[str, Any]
    """`text`, and what else was given: `reply_to`, `mentions`, `mentions_all`, `metadata`,
    `attachments`."""
    error: ChatError | None = None

    @property
    def text(self) -> str:
        text: str = self.fields["text"]
        return text


class OutboxStorage(Protocol):
    """Keeps the waiting messages of a person: see `chat_client.stored_outbox`."""

    user_id: str

    async def open(self) -> Sequence[Pending]:
        """Return what an earlier process left. Raises OutboxUnusable."""

    def save(self, items: Sequence[Pending]) -> None:
        """Keep these, and no others."""

    async def flush(self) -> None:
        """Wait until everything is stored. Raises OutboxUnusable."""

    async def aclose(self) -> None:
        """Store what is not stored yet, and let another process use the file."""


class Carrier(Protocol):
    """Carries the messages to the server."""

    @property
    def is_live(self) -> bool: ...

    async def carry(self, item: Pending) -> Message:
        """Send one, and return it as stored. Raises ChatError."""

    def failed(self, item: Pending, error: ChatError) -> None:
        """The server refused it for good."""


class Outbox:
    def __init__(
        self,
        carrier: Carrier,
        tasks: Tasks,
        on_change: Callable[[str], None],
        storage: OutboxStorage | None,
    ) -> None:
        """`on_change` gets the id of a conversation."""
        self.items: tuple[Pending, ...] = ()
        self._carrier = carrier
        self._tasks = tasks
        self._on_change = on_change
        self._storage = storage
        self._is_open = storage is None
        """Whether what an earlier process left is here: it leaves first."""
        self._sending: set[str] = set()
        self._rest_until = 0.0
        """No message leaves before this time."""
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._opening = asyncio.Lock()
        self._ended: ChatError | None = None
        """Why the session has ended; None while it lasts."""

    def of(self, conversation_id: str) -> tuple[Pending, ...]:
        """The waiting and the failed messages of one conversation, in the order they were
        written."""
        return tuple(one for one in self.items if one.conversation_id == conversation_id)

    def add(self, conversation_id: str, fields: Mapping[str, Any]) -> "asyncio.Future[Message]":
        """Queue a message. The future is the message as stored; it need not be awaited. When there
        are too many, the oldest refused one makes room. Raises OutboxFull, InvalidRequest."""
        content = _content(fields)
        if len(self.items) >= MAX_WAITING:
            refused = next((one for one in self.items if one.error is not None), None)
            if refused is None:
                raise OutboxFull(f"{MAX_WAITING} messages wait to be sent.", code="outbox_full")
            self.discard(refused.client_id)
        item = Pending(
            conversation_id=conversation_id,
            client_id=uuid.uuid4().hex,
            created_at=datetime.now(UTC),
            fields=content,
        )
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        if self._ended is None:
            self._answers[item.client_id] = answer
        else:
            answer.set_exception(self._ended)
        self._become((*self.items, item), conversation_id)
        self._start(conversation_id)
        return answer

    def retry(self, client_id: str) -> None:
        """Send a failed message again, with the same `client_id`."""
        item = self._find(client_id)
        if item is not None and item.error is not None:
            self._replace(item, None)
            self._start(item.conversation_id)

    def discard(self, client_id: str) -> None:
        """Forget a message. If it is on its way, it may arrive."""
        item = self._find(client_id)
        if item is not None:
            error = Discarded("The message was discarded.", code="discarded")
            self._remove(item, error)

    def discard_all(self) -> None:
        for item in self.items:
            self.discard(item.client_id)

    def settle(self, message: Message) -> None:
        """Take a message of mine, from a reply, an event, a sync or a page."""
        item = self._find(message.client_id) if message.client_id is not None else None
        if item is not None:
            answer = self._answers.get(item.client_id)
            if answer is not None and not answer.done():
                answer.set_result(message)
            self._remove(item, None)

    async def open(self) -> None:
        """Take what an earlier process left. Raises OutboxUnusable."""
        async with self._opening:
            self._ended = None
            if self._storage is not None and not self._is_open:
                left = await self._storage.open()
                ids = {one.client_id for one in left}
                self.items = (*left, *(one for one in self.items if one.client_id not in ids))
                self._is_open = True
                self._storage.save(self.items)
                for conversation_id in {one.conversation_id for one in left}:
                    self._on_change(conversation_id)
                self.resume()

    def end(self, reason: ChatError) -> None:
        """The session has ended. The messages wait; who awaits one gets this error."""
        self._ended = reason
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(reason)
        self._answers.clear()

    def resume(self) -> None:
        """There is a connection: the messages that wait are sent."""
        for conversation_id in dict.fromkeys(one.conversation_id for one in self.items):
            self._start(conversation_id)

    async def flush(self) -> None:
        if self._storage is not None:
            await self._storage.flush()

    async def aclose(self) -> None:
        """Close the storage. The messages stay here."""
        if self._storage is not None and self._is_open:
            self._is_open = False
            await self._storage.aclose()
        self.end(SessionEnded("The client was closed before the message was stored."))

    def _start(self, conversation_id: str) -> None:
        if not self._is_open or not self._carrier.is_live:
            return
        if conversation_id not in self._sending and len(self._sending) < _MAX_SENDING:
            self._sending.add(conversation_id)
            self._tasks.start(self._run(conversation_id))

    async def _run(self, conversation_id: str) -> None:
        attempt, last = 0, None
        try:
            while self._is_open and self._carrier.is_live:
                item = next((one for one in self.of(conversation_id) if one.error is None), None)
                if item is None:
                    return
                attempt = attempt + 1 if item is last else 0
                last = item
                await self._rest()
                if time.monotonic() < self._rest_until:
                    continue  # another conversation was refused meanwhile
                if item in self.items and self._carrier.is_live:
                    await self._attempt(item, attempt)
        finally:
            self._sending.discard(conversation_id)
            self._start_next()

    def _start_next(self) -> None:
        """Let a conversation send that had to wait for others."""
        for item in self.items:
            if item.error is None and item.conversation_id not in self._sending:
                return self._start(item.conversation_id)
        return None

    async def _attempt(self, item: Pending, attempt: int) -> None:
        try:
            message = await self._carrier.carry(item)
        except ChatError as error:
            if not error.is_retryable:
                self._fail(item, error)
            elif error.status or (attempt and self._carrier.is_live):
                await self._wait(error, attempt)
            else:
                await asyncio.sleep(0)  # send it again at once, or after the next `hello`
        else:
            self.settle(message)

    def _wait(self, error: ChatError, attempt: int) -> Coroutine[Any, Any, None]:
        delay = retry_delay(error, attempt)
        if error.status != 429:
            return asyncio.sleep(delay)
        # The rate is the person's: it holds for all conversations.
        self._rest_until = time.monotonic() + max(_LEAST_REST, delay)
        return asyncio.sleep(0)

    async def _rest(self) -> None:
        await asyncio.sleep(max(0.0, self._rest_until - time.monotonic()))

    def _fail(self, item: Pending, error: ChatError) -> None:
        if item not in self.items:
            return
        failed = self._replace(item, error)
        answer = self._answers.pop(item.client_id, None)
        if answer is not None and not answer.done():
            answer.set_exception(error)
        self._carrier.failed(failed, error)

    def _find(self, client_id: str) -> Pending | None:
        return next((one for one in self.items if one.client_id == client_id), None)

    def _replace(self, item: Pending, error: ChatError | None) -> Pending:
        other = replace(item, error=error)
        items = tuple(other if one is item else one for one in self.items)
        self._become(items, item.conversation_id)
        return other

    def _remove(self, item: Pending, error: ChatError | None) -> None:
        answer = self._answers.pop(item.client_id, None)
        if answer is not None and error is not None and not answer.done():
            answer.set_exception(error)
        self._become(tuple(one for one in self.items if one is not item), item.conversation_id)

    def _become(self, items: tuple[Pending, ...], conversation_id: str) -> None:
        self.items = items
        if self._storage is not None and self._is_open:
            self._storage.save(items)
        self._on_change(conversation_id)


def _content(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent, also if the app changes its own objects later. Raises InvalidRequest."""
    try:
        content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dict(fields)))
    except (TypeError, ValueError, RecursionError) as error:
        text = f"The message cannot be written as JSON: {error}."
        raise InvalidRequest(text, code="invalid_request", status=400) from error
    return content


def _seen(answer: "asyncio.Future[Message]") -> None:
    """A caller that does not await it finds the error in the outbox."""
    if not answer.cancelled():
        answer.exception()
