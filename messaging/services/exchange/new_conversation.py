"""A conversation of a load that the store does not have: it is written, completed, and compared
with the file by its hash."""

from dataclasses import replace

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import ReadPosition
from messaging.exchange.hashing import ConversationHash
from messaging.exchange.records import FullMessage
from messaging.services.exchange.conversation_results import Result, difference
from messaging.services.exchange.dumping import digest_of
from messaging.services.exchange.follower_marks import wait_until_marked
from messaging.services.exchange.resumed_messages import ResumedMessages
from messaging.services.exchange.retries import retried
from messaging.stores import Stores
from messaging.stores.exchange import AlreadyStored, Begun

_MESSAGES = 200
_BYTES = 1024 * 1024
_WRITES = 400
_POSITIONS = 200
"""The bounds of one write."""


class NewConversation:
    def __init__(
        self, stores: Stores, conversation: Conversation, load_id: str, begun: Begun
    ) -> None:
        self._stores = stores
        self._exchange = stores.exchange
        self._load_id = load_id
        self._conversation = conversation
        self._begun = begun
        self._resumed = ResumedMessages(stores, conversation.id, begun.last_seq)
        self._batch: list[FullMessage] = []
        self._bytes = self._writes = 0
        self._is_unanswered = False
        """Whether the store may have applied the latest write without an answer."""
        self._last: FullMessage | None = None
        self._hash = ConversationHash()
        self._hash.add(conversation)
        self._positions: list[ReadPosition] = []

    @property
    def messages(self) -> int:
        return self._hash.messages

    def add_position(self, position: ReadPosition) -> None:
        self._positions.append(position)

    async def add(self, full: FullMessage) -> None:
        """Add the next message. Raises Differs, AlreadyStored, StoreUnavailable."""
        line = self._hash.add(full)
        self._last = full
        if await self._resumed.has(full.message.seq, line):
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
        for start in range(0, len(self._positions), _POSITIONS):
            some = self._positions[start : start + _POSITIONS]
            await retried(self._exchange.put_positions, conversation.id, some)
        await wait_until_marked(self._stores.index, conversation)
        last = None if self._last is None else self._last.message
        if last is not None and last.seq == conversation.seq:
            conversation = replace(conversation, last_message=last)
        blockers = await retried(self._blockers)
        blocked_by = conversation.blocked_by | blockers
        await retried(self._complete, replace(conversation, blocked_by=blocked_by))
        # A concurrent block is only in its person's document.
        for user_id in await retried(self._blockers) - blocked_by:
            set_blocked = self._stores.conversations.set_blocked
            await retried(set_blocked, conversation.id, user_id, blocked=True)
        await self._compare()
        return Result.NEW

    async def _flush(self) -> None:
        while self._batch:
            await retried(self._write)
        self._bytes = self._writes = 0

    async def _write(self) -> None:
        if self._is_unanswered:
            # It may be stored: only what follows the latest message is missing.
            self._begun = await self._exchange.begin_load(self._conversation, self._load_id)
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
        self._batch = []

    async def _blockers(self) -> frozenset[str]:
        """Return the people of a direct conversation who block the other."""
        ids = list(self._conversation.participants)
        if self._conversation.kind is not ConversationKind.DIRECT or len(ids) != 2:
            return frozenset()
        blocks = await self._stores.people.get_blocks(ids)
        pairs = zip(ids, reversed(ids), strict=True)
        return frozenset(one for one, other in pairs if other in blocks[one])

    async def _complete(self, conversation: Conversation) -> None:
        """Complete it. If an answer was lost, it may be complete already."""
        begun = await self._exchange.begin_load(conversation, self._load_id)
        if not begun.loading:
            return
        try:
            await self._exchange.complete_load(begun, conversation)
        except AlreadyStored:
            # A block changes the document of a shell.
            again = await self._exchange.begin_load(conversation, self._load_id)
            if again.loading:
                raise StoreUnavailable from None
            raise

    async def _compare(self) -> None:
        """Compare what is stored with the file. Raises Differs."""
        id_ = self._conversation.id
        stored = await retried(digest_of, self._stores.conversations, self._exchange, id_)
        if stored is not None and (
            stored.hash == self._hash.digest()
            or stored.conversation.version > self._conversation.version  # people write in it
        ):
            return
        raise difference(id_, stored=stored.messages if stored else 0, messages=self.messages)
