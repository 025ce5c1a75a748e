"""A conversation of a load that the store does not have: it is written, completed, and compared
with the file by its hash."""

from dataclasses import replace

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import ReadPosition
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.named import people_of_conversation, people_of_message
from messaging.exchange.records import FullMessage
from messaging.services.exchange.dumping import digest_of
from messaging.services.exchange.loaded_conversations.blocks import (
    complete_blocks,
    list_blockers,
)
from messaging.services.exchange.loaded_conversations.erasures import is_somebody_erased
from messaging.services.exchange.loaded_conversations.follower_marks import wait_until_marked
from messaging.services.exchange.loaded_conversations.load_marks import LoadMark
from messaging.services.exchange.loaded_conversations.results import Differs, Result, difference
from messaging.services.exchange.loaded_conversations.resumed_messages import ResumedMessages
from messaging.stores import Stores
from messaging.stores.exchange import AlreadyStored, Begun

_MESSAGES = 200
_BYTES = 1024 * 1024
_WRITES = 400
_POSITIONS = 200
"""The bounds of one write."""


class NewConversation:
    def __init__(
        self,
        stores: Stores,
        conversation: Conversation,
        load_id: str,
        begun: Begun,
        mark: LoadMark,
    ) -> None:
        self._stores = stores
        self._exchange = stores.exchange
        self._load_id = load_id
        self._conversation = conversation
        self._begun = begun
        self._mark = mark
        self._resumed = ResumedMessages(stores, conversation.id, begun.last_seq)
        self._batch: list[FullMessage] = []
        self._bytes = self._writes = 0
        self._stored_seq = begun.last_seq
        """The latest message that is known to be stored."""
        self._is_unanswered = False
        """Whether the store may have applied the latest write without an answer."""
        self._last: FullMessage | None = None
        self._hash = ConversationHash()
        self._hash.add(conversation)
        self._positions: list[ReadPosition] = []
        self.people = people_of_conversation(conversation)
        """Everyone whom the conversation and its messages name, and who has a position in it."""

    @property
    def messages(self) -> int:
        return self._hash.messages

    def add_position(self, position: ReadPosition) -> None:
        self._positions.append(position)
        self.people.add(position.user_id)

    async def add(self, full: FullMessage) -> None:
        """Add the next message. Raises Differs, AlreadyStored, StoreUnavailable."""
        line = self._hash.add(full)
        self._last = full
        self.people |= people_of_message(full)
        if await self._resumed.has(full.message.seq, line):
            await self._mark.keep()
            return
        self._batch.append(full)
        self._bytes += len(line)
        self._writes += 1 + len(full.reactions) + len(full.files)
        if len(self._batch) == _MESSAGES or self._bytes > _BYTES or self._writes > _WRITES:
            await self._flush()

    async def end(self) -> Result:
        """Complete the conversation and compare it. Raises Differs, AlreadyStored,
        StoreUnavailable."""
        conversation = self._conversation
        await self._resumed.complete()
        await self._flush()
        positions = [*self._positions, *self._missing_positions()]
        for start in range(0, len(positions), _POSITIONS):
            some = positions[start : start + _POSITIONS]
            await retried(self._exchange.put_positions, conversation.id, some)
        await wait_until_marked(self._stores.index, conversation)
        last = None if self._last is None else self._last.message
        if last is not None and last.seq == conversation.seq:
            conversation = replace(conversation, last_message=last)
        blockers = await list_blockers(self._stores, conversation)
        conversation = replace(conversation, blocked_by=conversation.blocked_by | blockers)
        await retried(self._complete, conversation)
        # A concurrent block is only in its person's document.
        await complete_blocks(self._stores, conversation)
        await self._mark.remove()
        await self._compare()
        return Result.NEW

    def _missing_positions(self) -> list[ReadPosition]:
        """Return positions of the people whom the conversation names and who have none in the file:
        an erasure finds the conversation by them. Those who have left have read everything."""
        seq, participants = self._conversation.seq, self._conversation.participants
        return [
            ReadPosition(user_id=one)
            if one in participants
            else ReadPosition(user_id=one, read_seq=seq, delivered_seq=seq)
            for one in sorted(self.people - {one.user_id for one in self._positions})
        ]

    async def _flush(self) -> None:
        await self._mark.keep()
        while self._batch:
            await retried(self._write)
        self._bytes = self._writes = 0

    async def _write(self) -> None:
        if self._is_unanswered:
            # It may be stored: only what follows the latest message is missing.
            self._begun = await self._begin_again()
            if not self._begun.loading:
                raise AlreadyStored(f"conversation {self._conversation.id}")
            self._batch = [one for one in self._batch if one.message.seq > self._begun.last_seq]
            self._is_unanswered = False
        if self._batch:
            try:
                await self._exchange.add_messages(self._begun, self._batch)
            except StoreUnavailable:
                self._is_unanswered = True
                raise
            self._stored_seq = self._batch[-1].message.seq
        self._batch = []

    async def _begin_again(self) -> Begun:
        """Return what the store has now. Raises Differs, StoreUnavailable."""
        begun = await self._exchange.begin_load(self._conversation, self._load_id)
        if begun.loading and begun.last_seq < self._stored_seq:
            raise Differs(
                f"Conversation {self._conversation.id} was removed while it was loaded, because "
                "the load had paused for an hour. Load the file again."
            )
        return begun

    async def _complete(self, conversation: Conversation) -> None:
        """Complete it. If an answer was lost, it may be complete already."""
        begun = await self._begin_again()
        if not begun.loading:
            return
        try:
            await self._exchange.complete_load(begun, conversation)
        except AlreadyStored:
            # A block changes the document of a shell.
            if (await self._begin_again()).loading:
                raise StoreUnavailable from None
            raise

    async def _compare(self) -> None:
        """Compare what is stored with the file. Raises Differs."""
        id_ = self._conversation.id
        stored = await digest_of(self._stores.conversations, self._exchange, id_)
        if stored is not None and (
            stored.hash == self._hash.digest()
            or stored.conversation.version > self._conversation.version  # people write in it
        ):
            return
        if await is_somebody_erased(self._stores, self.people):
            return  # at this moment, so the content is another one already
        raise difference(id_, stored=stored.messages if stored else 0, messages=self.messages)
