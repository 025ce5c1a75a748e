"""Loads a checked file of the exchange format into a store, where others may chat meanwhile.

A conversation is invisible until it is complete. Then it is read again, and compared with the file
by its hash. A load that ended goes on: what is stored already is compared, and not written again.

No message that is loaded sends an event or a notification.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import ReadPosition
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.lines import Malformed
from messaging.exchange.reading import Line, Problem
from messaging.exchange.records import (
    ConversationEnd,
    End,
    FullMessage,
    FullReport,
    Header,
    Person,
    Position,
)
from messaging.services.exchange.dumping import Counts, digest_of
from messaging.services.exchange.follower_marks import mark_followed
from messaging.stores import Stores
from messaging.stores.exchange import AlreadyStored, Begun, is_shell

P = ParamSpec("P")
T = TypeVar("T")

_MESSAGES = 200
_BYTES = 1024 * 1024
_WRITES = 400
_POSITIONS = 200
"""The bounds of one write."""
_TRIES = 8
_PAUSE_SECONDS = 0.5


class NotLoaded(Exception):
    """The file cannot be loaded any further. The argument is the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Load:
    def __init__(
        self, stores: Stores, *, on_progress: Callable[[Counts, Line], object] = lambda *_: None
    ) -> None:
        """Create a load. `on_progress` is called after each line at which the load may go on."""
        self._stores = stores
        self._exchange = stores.exchange
        self.on_progress = on_progress
        self._load_id = ""
        self._current: _Conversation | None = None
        self.counts = Counts()
        self.kept = Counts()
        """The people, conversations and reports that the store had before."""
        self._steps: Mapping[type, Callable[[Any], Any]] = {
            Header: self._header,
            Person: self._person,
            Conversation: self._begin,
            Position: self._position,
            FullMessage: self._message,
            ConversationEnd: self._end,
            FullReport: self._report,
            End: self._header,
        }

    async def load(self, lines: Iterable[Line], *, header: Header) -> None:
        """Load lines, which follow the header or a line of `on_progress`.

        Raises NotLoaded, StoreUnavailable.
        """
        self._load_id = header.id
        for line in lines:
            if isinstance(line.record, Malformed):
                raise NotLoaded(Problem(line=line.number, reason=str(line.record)))
            try:
                await self._steps[type(line.record)](line.record)
            except AlreadyStored as there:
                reason = f"The store has something else under the id of {there}."
                raise NotLoaded(Problem(line=line.number, reason=reason)) from there
            except _Differs as differs:
                raise NotLoaded(Problem(line=line.number, reason=str(differs))) from None
            if self._current is None:
                self.on_progress(self.counts, line)

    async def _header(self, _: Header | End) -> None: ...

    async def _person(self, person: Person) -> None:
        new = await retried(self._exchange.put_person, person)
        self.counts.people += new
        self.kept.people += not new

    async def _begin(self, conversation: Conversation) -> None:
        begun = await retried(self._exchange.begin_load, conversation, self._load_id)
        if not begun.loading and is_shell(begun.conversation):
            # Another file was not loaded to its end.
            delete = self._stores.catalogue.delete_messages
            while await retried(delete, conversation.id, limit=_MESSAGES):
                pass
            begun = await retried(self._exchange.begin_load, conversation, self._load_id)
        self._current = _Conversation(self._stores, self._load_id, conversation, begun)

    async def _position(self, one: Position) -> None:
        assert self._current is not None
        self._current.positions.append(one.position)

    async def _message(self, full: FullMessage) -> None:
        assert self._current is not None
        await self._current.add(full)

    async def _end(self, _: ConversationEnd) -> None:
        assert self._current is not None
        new = await self._current.end()
        self.counts.conversations += new
        self.kept.conversations += not new
        self.counts.messages += self._current.messages if new else 0
        self._current = None

    async def _report(self, full: FullReport) -> None:
        new = await retried(self._exchange.load_report, full)
        self.counts.reports += new
        self.kept.reports += not new


class _Differs(Exception):
    """What is stored differs from the file. The argument is a sentence."""


class _Conversation:
    """A conversation that is being loaded, or compared with what is stored."""

    def __init__(
        self, stores: Stores, load_id: str, conversation: Conversation, begun: Begun
    ) -> None:
        self._stores = stores
        self._exchange = stores.exchange
        self._load_id = load_id
        self._conversation = conversation
        self._begun = begun
        self._batch: list[FullMessage] = []
        self._bytes = self._writes = 0
        self._last: FullMessage | None = None
        self._hash = ConversationHash()
        self._hash.add(conversation)
        self.positions: list[ReadPosition] = []

    @property
    def messages(self) -> int:
        return self._hash.messages

    async def add(self, full: FullMessage) -> None:
        line = self._hash.add(full)
        self._last = full
        if not self._begun.loading or full.message.seq <= self._begun.last_seq:
            return
        self._batch.append(full)
        self._bytes += len(line)
        self._writes += 1 + len(full.reactions) + len(full.files)
        if len(self._batch) == _MESSAGES or self._bytes > _BYTES or self._writes > _WRITES:
            await self._flush()

    async def end(self) -> bool:
        """Complete the conversation and compare it. Return whether it is new."""
        conversation = self._conversation
        if not self._begun.loading:
            await self._compare()
            return False
        await self._flush()
        for start in range(0, len(self.positions), _POSITIONS):
            some = self.positions[start : start + _POSITIONS]
            await retried(self._exchange.put_positions, conversation.id, some)
        await retried(mark_followed, self._stores.index, conversation)
        last = None if self._last is None else self._last.message
        if last is not None and last.seq == conversation.seq:
            conversation = replace(conversation, last_message=last)
        await retried(self._complete, conversation)
        await self._compare()
        return True

    async def _complete(self, conversation: Conversation) -> None:
        """Complete it. If an answer was lost, it may be complete already."""
        begun = await self._exchange.begin_load(conversation, self._load_id)
        if begun.loading:
            await self._exchange.complete_load(begun, conversation)

    async def _flush(self) -> None:
        while self._batch:
            await retried(self._write)

    async def _write(self) -> None:
        batch, self._batch = self._batch, []
        self._bytes = self._writes = 0
        try:
            await self._exchange.add_messages(self._begun, batch)
        except StoreUnavailable:
            self._batch = batch
            # It may have been stored: only what follows the latest message is missing.
            begun = await self._exchange.begin_load(self._conversation, self._load_id)
            if not begun.loading:
                raise AlreadyStored(f"conversation {self._conversation.id}") from None
            self._batch = [one for one in batch if one.message.seq > begun.last_seq]
            raise

    async def _compare(self) -> None:
        """Compare what is stored with the file. Raises _Differs."""
        id_ = self._conversation.id
        stored = await retried(digest_of, self._stores.conversations, self._exchange, id_)
        if stored is None:
            raise _Differs(f"Conversation {id_} is not in the store.")
        if stored.hash == self._hash.digest():
            return
        if stored.conversation.version > self._conversation.version:
            return  # people have changed it since
        raise _Differs(
            f"Conversation {id_} is in the store, with {stored.messages} messages and another "
            f"content than the {self.messages} messages of the file."
        )


async def retried(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of a call, which is repeated for some seconds while the store does not
    answer. Raises StoreUnavailable."""
    for tries in range(_TRIES):
        try:
            return await call(*args, **kwargs)
        except StoreUnavailable:
            if tries == _TRIES - 1:
                raise
            await asyncio.sleep(_PAUSE_SECONDS * (tries + 1))
    raise AssertionError
