"""A survey: the facts that the messages of a conversation show by themselves, read page by page.

A repeated survey reads only the new and the changed messages.
"""

from collections.abc import Callable, Mapping, Sequence

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.uncounted import ALL_COUNTED
from messaging.services.operators.leftover_reactions import LeftoverReactions
from messaging.stores.conversations import Store

PAGE = 200
_ANY_VERSION = 2**62
_MAX_NAMED = 5


class Survey:
    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        leftovers: LeftoverReactions,
        on_read: Callable[[int], None],
    ) -> None:
        """Create a survey. `leftovers` gets every page of messages; `on_read` is called with the
        number of messages of each page."""
        self._store = store
        self._leftovers = leftovers
        self._on_read = on_read
        self._conversation_id = conversation.id
        self._joined = _joined(conversation)
        self.messages = 0
        """The number of messages read."""
        self.latest: Message | None = None
        self.version = max(self._joined.values(), default=0)
        """The highest version assigned to a message or to a person who joined."""
        self.read_up_to = 0
        """The number up to which all messages are read."""
        self._sent: dict[str, int] = {}
        self._surely_sent: dict[str, int] = {}
        self._gaps: list[str] = []
        """The first gaps; the others are only counted."""
        self._more_gaps = 0
        self.uncounted = ALL_COUNTED
        """The deleted messages, and the system messages."""

    @property
    def seq(self) -> int:
        return self.latest.seq if self.latest is not None else 0

    @property
    def missing(self) -> str:
        """Return the numbers without a message, or with two; empty if there are none."""
        if not self._gaps:
            return ""
        named = ", ".join(self._gaps)
        return f"{named} and {self._more_gaps} more gaps" if self._more_gaps else named

    def fits(self, conversation: Conversation) -> bool:
        """Return whether the survey can continue with this later state. The messages that count as
        sent depend on when a person joined."""
        return _joined(conversation) == self._joined

    async def look(self) -> None:
        """Read the new messages. Raises StoreUnavailable."""
        latest = await retried(self._store.list_latest_messages, self._conversation_id, limit=1)
        self.latest = latest[-1] if latest else None
        while self.read_up_to < self.seq:
            first, last = self.read_up_to + 1, min(self.read_up_to + PAGE, self.seq)
            page = await retried(
                self._store.list_messages, self._conversation_id, first_seq=first, last_seq=last
            )
            if not page:
                self._note_place(f"no message from {first} to at least {last}")
                last = self.seq  # the sequence may be endless
            self._take(page, first, last)
            await self._leftovers.look(self._conversation_id, page)
            self._on_read(len(page))
            self.read_up_to = last
        await self._look_at_changed()

    def sent_seq(self, conversation: Conversation) -> Mapping[str, int]:
        """Return the latest own message of every participant who has sent one since joining.

        An edited message does not show when it was sent. If the person joined again, the value in
        the conversation is kept.
        """
        found = {}
        for user_id in conversation.participants:
            least, most = self._surely_sent.get(user_id, 0), self._sent.get(user_id, 0)
            seq = min(max(conversation.sent_seq.get(user_id, 0), least), most)
            if seq:
                found[user_id] = seq
        return found

    def _take(self, page: Sequence[Message], first: int, last: int) -> None:
        expected = first
        for message in page:
            self._note_gap(expected, message.seq)
            expected = message.seq + 1
            self.messages += 1
            self.version = max(self.version, message.version, message.seq)
            self._note_sender(message)
        if page:
            self._note_gap(expected, last + 1)
        self._note_uncounted(page)

    def _note_gap(self, expected: int, found: int) -> None:
        if found > expected:
            numbers = f"{expected}" if found == expected + 1 else f"{expected} to {found - 1}"
            self._note_place(f"no message {numbers}")
        elif found < expected:
            self._note_place(f"two messages {found}")

    def _note_place(self, place: str) -> None:
        if len(self._gaps) < _MAX_NAMED:
            self._gaps.append(place)
        else:
            self._more_gaps += 1

    def _note_sender(self, message: Message) -> None:
        if message.is_system:
            return
        self._sent[message.sender_id] = message.seq
        joined = self._joined.get(message.sender_id)
        if joined is None:
            return
        untouched = message.edited_at is None and message.deleted_at is None
        if joined == 0 or (untouched and message.version > joined):
            self._surely_sent[message.sender_id] = message.seq

    def _note_uncounted(self, messages: Sequence[Message]) -> None:
        seqs = [one.seq for one in messages if one.deleted_at is not None or one.is_system]
        if seqs:
            self.uncounted = self.uncounted.including(seqs)

    async def _look_at_changed(self) -> None:
        listed = self._store.list_changed_messages
        while changed := await retried(
            listed, self._conversation_id, since=self.version, until=_ANY_VERSION, limit=PAGE
        ):
            self.version = changed[-1].version
            self._note_uncounted(changed)


def _joined(conversation: Conversation) -> Mapping[str, int]:
    return {one.user_id: one.joined_version for one in conversation.participants.values()}
