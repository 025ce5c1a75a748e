"""Reads the messages of a conversation as they are at one moment, in constant memory.

They are read page by page to a file on the disk. What changes meanwhile is read again. A read that
the store does not answer is repeated.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import IO

from messaging.concurrency.retries import PageSize, retried
from messaging.domain.conversation import Conversation
from messaging.exchange.lines import encode
from messaging.exchange.records import FullMessage
from messaging.stores.conversations import Store
from messaging.stores.damage import UNREADABLE, Damaged, read_full_messages
from messaging.stores.exchange import ExchangeStore, FullChanges

PAGE = 200
_MAX_CHANGES = 40_000
"""The most changes that are read of a conversation while it is dumped."""
_MESSAGE_ID = len(b'{"record":"message","id":"')
_ID_LENGTH = 26


class ChangesTooFast(Exception):
    """The conversation changes faster than it can be read. The argument is its id."""


class ConversationReading:
    """The messages of one conversation, as they are at one moment."""

    def __init__(
        self,
        store: Store,
        exchange: ExchangeStore,
        spool: IO[bytes],
        on_read: Callable[[int], object],
    ) -> None:
        self._store = store
        self._exchange = exchange
        self._spool = spool
        self._on_read = on_read
        self._size = PageSize(PAGE)
        self._changed: dict[bytes, tuple[int, bytes]] = {}
        """The lines of messages that changed after they were read, with their `seq`, by id."""

    async def read(self, conversation_id: str) -> Conversation | None:
        """Read everything, and return the conversation as it is at the moment of the messages.
        Raises Damaged, ChangesTooFast, StoreUnavailable."""
        conversation = await self._read_conversation(conversation_id)
        if conversation is None:
            return None
        await self._read_pages(conversation)
        later = await self._read_conversation(conversation_id)
        if later is None or later.version == conversation.version:
            return later
        return await self._read_changes(conversation_id, since=conversation.version)

    async def _read_conversation(self, conversation_id: str) -> Conversation | None:
        try:
            return await retried(self._store.get_conversation, conversation_id)
        except UNREADABLE as error:
            what = "its own record, or that of its latest message,"
            raise Damaged(conversation_id, what, error) from error

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the messages by `seq`."""
        self._spool.seek(0)
        for line in self._spool:
            id_ = line[_MESSAGE_ID : _MESSAGE_ID + _ID_LENGTH]
            _, changed = self._changed.pop(id_, (0, line))
            yield changed
        for _, line in sorted(self._changed.values()):
            yield line

    async def _read_pages(self, conversation: Conversation) -> None:
        """Read the messages that the conversation had. Later ones are changes."""
        after = 0
        while after < conversation.seq:
            page, _ = await self._size.read(partial(self._page_after, conversation.id, after))
            if not page:
                return
            self._spool.writelines(map(_line_of, page))
            after = page[-1].message.seq
            self._on_read(len(page))

    async def _page_after(
        self, conversation_id: str, seq: int, limit: int
    ) -> Sequence[FullMessage]:
        return await read_full_messages(self._exchange, conversation_id, after_seq=seq, limit=limit)

    async def _read_changes(self, conversation_id: str, *, since: int) -> Conversation | None:
        """Read what has changed since a version, and return the conversation as it is after
        that."""
        changes = 0
        while changes < _MAX_CHANGES:
            page, size = await self._size.read(partial(self._changes, conversation_id, since))
            for full in page.messages:
                self._changed[full.message.id.encode()] = full.message.seq, _line_of(full)
            self._on_read(0)
            if page.conversation is None or len(page.messages) < size:
                return page.conversation
            changes += len(page.messages)
            since = page.messages[-1].message.version
        raise ChangesTooFast(conversation_id)

    async def _changes(self, conversation_id: str, since: int, limit: int) -> FullChanges:
        try:
            return await self._exchange.read_full_changes(conversation_id, since=since, limit=limit)
        except UNREADABLE as error:
            await self._read_conversation(conversation_id)  # it may be damaged itself
            what = f"a message that has changed since version {since}"
            raise Damaged(conversation_id, what, error) from error


def _line_of(full: FullMessage) -> bytes:
    """Return the line of a message. Some of its fields are decoded only now. Raises Damaged."""
    try:
        return encode(full)
    except UNREADABLE as error:
        message = full.message
        what = f"the message number {message.seq}"
        raise Damaged(message.conversation_id, what, error) from error
