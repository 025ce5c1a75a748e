"""Dumps a store to the exchange format while people chat.

Each conversation is dumped as it was at one moment. Its messages are read page by page to a file on
the disk; what changes meanwhile is read again. So the memory does not grow with a conversation.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.lines import encode
from messaging.exchange.records import (
    ConversationEnd,
    End,
    Header,
    Position,
    Record,
)
from messaging.services.exchange.positions import position_up_to
from messaging.stores.catalogue import Place
from messaging.stores.conversations import Store
from messaging.stores.exchange import ExchangeStore, is_shell

PAGE = 200
_IDS = 500
_IN_MEMORY = 4 * 1024 * 1024
"""The bytes of a conversation that are kept in memory, before it goes to the disk."""
_LOOKS = 200
"""How often a conversation is read again because it changes."""
_MESSAGE_ID = len(b'{"record":"message","id":"')
_ID_LENGTH = 26

Write = Callable[[bytes], object]


class ChangesTooFast(Exception):
    """The conversation changes faster than it can be read. The argument is its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dumped:
    """What was dumped of a conversation."""

    conversation: Conversation
    messages: int
    hash: str


@dataclass(slots=True, kw_only=True)
class Counts:
    """How much a dump or a load has handled."""

    people: int = 0
    conversations: int = 0
    messages: int = 0
    reports: int = 0


class Dump:
    def __init__(
        self,
        *,
        store: Store,
        exchange: ExchangeStore,
        write: Write,
        on_progress: Callable[[Counts], object] = lambda _: None,
    ) -> None:
        """Create a dump. `write` gets each line. `on_progress` is called after each page."""
        self._store = store
        self._exchange = exchange
        self._write = write
        self._on_progress = on_progress
        self._records = 0
        self.counts = Counts()

    async def everything(self, *, source: str) -> None:
        """Write a whole file. Raises StoreUnavailable, ChangesTooFast."""
        self._put(Header(made_at=datetime.now(UTC), source=source, id=random_id()))
        await self._people()
        async for conversation_id in _conversation_ids(self._store):
            await self.conversation(conversation_id)
        await self._reports()
        self._put(End(records=self._records))

    async def some(self, conversation_ids: AsyncIterator[str], *, source: str) -> None:
        """Write a file with these conversations alone. Raises as `everything` does."""
        self._put(Header(made_at=datetime.now(UTC), source=source, id=random_id()))
        async for conversation_id in conversation_ids:
            await self.conversation(conversation_id)
        self._put(End(records=self._records))

    async def conversation(self, conversation_id: str) -> Dumped | None:
        """Write one conversation, and return its digest; None if there is none."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            reading = _Reading(self._store, self._exchange, spool, self._progress)
            conversation = await reading.read(conversation_id)
            if conversation is None or is_shell(conversation):
                return None
            hashed = ConversationHash()
            self._line(hashed.add(conversation))
            if not is_deleted(conversation):  # else its content may be there for some minutes
                await self._positions(conversation)
                for line in reading.lines():
                    hashed.add_line(line)
                    self._line(line)
        dumped = Dumped(conversation=conversation, messages=hashed.messages, hash=hashed.digest())
        self._put(
            ConversationEnd(
                conversation_id=conversation_id, messages=dumped.messages, hash=dumped.hash
            )
        )
        self.counts.conversations += 1
        self._progress(0)
        return dumped

    async def _positions(self, conversation: Conversation) -> None:
        found = await self._store.list_read_positions(conversation.id)
        for position in sorted(found, key=lambda one: one.user_id):
            known = position_up_to(position, conversation.seq)
            self._put(Position(conversation_id=conversation.id, position=known))

    async def _people(self) -> None:
        after = ""
        while page := await self._exchange.list_full_people(after=after, limit=PAGE):
            for person in page:
                self._put(person)
            after = page[-1].user_id
            self.counts.people += len(page)
            self._progress(0)

    async def _reports(self) -> None:
        after: Place | None = None
        while page := await self._exchange.list_full_reports(limit=PAGE, after=after):
            for full in page:
                self._put(full)
            last = page[-1].report
            after = (last.created_at, last.id)
            self.counts.reports += len(page)
            self._progress(0)

    def _put(self, record: Record) -> None:
        self._line(encode(record))

    def _line(self, line: bytes) -> None:
        self._write(line)
        self._records += 1

    def _progress(self, messages: int) -> None:
        self.counts.messages += messages
        self._on_progress(self.counts)


def is_deleted(conversation: Conversation) -> bool:
    """Return whether a group was deleted. One that everybody has left keeps its messages."""
    return not conversation.participants and not conversation.seq


async def digest_of(store: Store, exchange: ExchangeStore, conversation_id: str) -> Dumped | None:
    """Return the digest of a stored conversation, by dumping it to nowhere."""
    dump = Dump(store=store, exchange=exchange, write=lambda _: None)
    return await dump.conversation(conversation_id)


class _Reading:
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
        self._changed: dict[bytes, tuple[int, bytes]] = {}
        """The lines of messages that changed after they were read, with their `seq`, by id."""

    async def read(self, conversation_id: str) -> Conversation | None:
        """Read everything, and return the conversation as it is at the moment of the messages."""
        conversation = await self._store.get_conversation(conversation_id)
        if conversation is None:
            return None
        await self._read_pages(conversation_id)
        for _ in range(_LOOKS):
            later = await self._store.get_conversation(conversation_id)
            if later is None or later.version == conversation.version:
                return later
            await self._read_changes(conversation_id, since=conversation.version)
            conversation = later
        raise ChangesTooFast(conversation_id)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the messages by `seq`."""
        self._spool.seek(0)
        for line in self._spool:
            id_ = line[_MESSAGE_ID : _MESSAGE_ID + _ID_LENGTH]
            _, changed = self._changed.pop(id_, (0, line))
            yield changed
        for _, line in sorted(self._changed.values()):
            yield line

    async def _read_pages(self, conversation_id: str) -> None:
        after = 0
        while page := await self._exchange.list_full_messages(
            conversation_id, after_seq=after, limit=PAGE
        ):
            self._spool.writelines(map(encode, page))
            after = page[-1].message.seq
            self._on_read(len(page))

    async def _read_changes(self, conversation_id: str, *, since: int) -> None:
        while page := await self._exchange.list_full_changes(
            conversation_id, since=since, limit=PAGE
        ):
            for full in page:
                self._changed[full.message.id.encode()] = full.message.seq, encode(full)
            since = page[-1].message.version
            self._on_read(0)


async def _conversation_ids(store: Store) -> AsyncIterator[str]:
    after = ""
    while ids := await store.list_conversation_ids(after=after, limit=_IDS):
        for conversation_id in ids:
            yield conversation_id
        after = ids[-1]
