"""Dumps a store to the exchange format while people chat.

Each conversation is dumped as it was at one moment (`conversation_reading`). One that cannot be
read is left out as a whole. A read that the store does not answer is repeated for a minute.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from messaging.concurrency.retries import retried
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
from messaging.services.exchange.conversation_reading import PAGE, ConversationReading
from messaging.services.exchange.positions import position_up_to
from messaging.stores.catalogue import Place
from messaging.stores.conversations import Store
from messaging.stores.damage import UNREADABLE, Damaged
from messaging.stores.exchange import ExchangeStore, is_shell

_IDS = 500
_IN_MEMORY = 4 * 1024 * 1024
"""The bytes of a conversation that are kept in memory, before it goes to the disk."""

T = TypeVar("T")
Write = Callable[[bytes], object]


class UnreadableRecords(Exception):
    """People or reports cannot be read. The argument is a sentence without their content."""


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
        on_damaged: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Create a dump. `write` gets each line. `on_progress` is called after each page,
        `on_damaged` with a sentence for each conversation that is left out."""
        self._store = store
        self._exchange = exchange
        self._write = write
        self._on_progress = on_progress
        self._on_damaged = on_damaged
        self._records = 0
        self.counts = Counts()
        self.damaged = 0
        """The conversations that were left out, because they cannot be read."""

    async def everything(self, *, source: str) -> None:
        """Write a whole file. Raises StoreUnavailable, ChangesTooFast, UnreadableRecords."""
        self._put(Header(made_at=datetime.now(UTC), source=source, id=random_id()))
        await self._people()
        async for conversation_id in _conversation_ids(self._store):
            await self._if_readable(conversation_id)
        await self._reports()
        self._put(End(records=self._records))

    async def some(self, conversation_ids: AsyncIterator[str], *, source: str) -> None:
        """Write a file with these conversations alone. Raises as `everything` does."""
        self._put(Header(made_at=datetime.now(UTC), source=source, id=random_id()))
        async for conversation_id in conversation_ids:
            await self._if_readable(conversation_id)
        self._put(End(records=self._records))

    async def _if_readable(self, conversation_id: str) -> None:
        try:
            await self.conversation(conversation_id)
        except Damaged as damaged:
            self.damaged += 1
            self._on_damaged(str(damaged))

    async def conversation(self, conversation_id: str) -> Dumped | None:
        """Write one conversation, and return its digest; None if there is none. Raises Damaged
        before it writes a line; StoreUnavailable, ChangesTooFast."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            reading = ConversationReading(self._store, self._exchange, spool, self._progress)
            conversation = await reading.read(conversation_id)
            if conversation is None or is_shell(conversation):
                return None
            hashed = ConversationHash()
            deleted = is_deleted(conversation)  # then its content may be there for some minutes
            positions = [] if deleted else await self._positions(conversation)
            try:
                line = hashed.add(conversation)
            except UNREADABLE as error:
                raise Damaged(conversation_id, "its own record", error) from error
            self._line(line)
            if not deleted:
                for position in positions:
                    self._line(position)
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

    async def _positions(self, conversation: Conversation) -> list[bytes]:
        """Return the lines of the positions of a conversation. Raises Damaged."""
        try:
            found = await retried(self._store.list_read_positions, conversation.id)
        except UNREADABLE as error:
            raise Damaged(conversation.id, "a read position", error) from error
        return [
            encode(
                Position(
                    conversation_id=conversation.id,
                    position=position_up_to(position, conversation.seq),
                )
            )
            for position in sorted(found, key=lambda one: one.user_id)
        ]

    async def _people(self) -> None:
        after = ""
        while page := await readable(
            f"The person after {after!r} or one of the next {PAGE - 1}",
            retried(self._exchange.list_full_people, after=after, limit=PAGE),
        ):
            for person in page:
                self._put(person)
            after = page[-1].user_id
            self.counts.people += len(page)
            self._progress(0)

    async def _reports(self) -> None:
        after: Place | None = None
        while page := await readable(
            f"One of the {PAGE} reports before {'the end' if after is None else after[1]}",
            retried(self._exchange.list_full_reports, limit=PAGE, after=after),
        ):
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
    """Return the digest of a stored conversation, by dumping it to nowhere. Raises as
    `Dump.conversation`."""
    dump = Dump(store=store, exchange=exchange, write=lambda _: None)
    return await dump.conversation(conversation_id)


async def readable(what: str, reading: Awaitable[T]) -> T:
    """Return what is read. Raises UnreadableRecords with `what`, and the errors of the read."""
    try:
        return await reading
    except UNREADABLE as error:
        raise UnreadableRecords(f"{what} cannot be read ({type(error).__name__}).") from error


async def _conversation_ids(store: Store) -> AsyncIterator[str]:
    after = ""
    while ids := await retried(store.list_conversation_ids, after=after, limit=_IDS):
        for conversation_id in ids:
            yield conversation_id
        after = ids[-1]
