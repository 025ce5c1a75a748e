"""The conversations that this process has used recently, so that a send needs no read."""

import time
from collections import OrderedDict

from messaging.domain.conversation import Conversation
from messaging.instruments.memory import MIB, Weight

_CAPACITY = 10_000
_MAX_BYTES = 64 * MIB
_CONVERSATION_BYTES = 2_000
_PARTICIPANT_BYTES = 400
_PREFERENCES_BYTES = 400
_SENT_BYTES = 250
_PART_CHARACTERS = 200
"""Of an attachment, an emoji, and a person who reacted."""
_CHARACTER_BYTES = 4
"""Slightly above the sizes that tracemalloc measures: a participant takes 180 bytes with a user id
of 20 characters and 290 with one of 128, plus a copy of the id."""
_FRESH_SECONDS = 2.0


class ConversationCache:
    """A cache with a bound in number and in bytes, which evicts the least recently used.

    Its copies may be outdated. A commit proves its base by the token. A plain read must use a
    `fresh` copy, which is at most two seconds old. That bounds how long a person who was removed on
    another instance may continue to read here if no event arrived.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[Conversation, float]] = OrderedDict()
        self._weight = Weight("conversations", most=_MAX_BYTES)

    @property
    def bytes(self) -> int:
        """Return the approximate bytes of the cache."""
        return self._weight.bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, conversation_id: str) -> Conversation | None:
        """Return the copy, of any age."""
        entry = self._entries.get(conversation_id)
        if entry is None:
            return None
        self._entries.move_to_end(conversation_id)
        return entry[0]

    def get_fresh(
        self, conversation_id: str, *, seconds: float = _FRESH_SECONDS
    ) -> Conversation | None:
        """Return the copy, unless it was read longer ago than the limit."""
        entry = self._entries.get(conversation_id)
        if entry is None or time.monotonic() - entry[1] > seconds:
            return None
        return self.get(conversation_id)

    def put(self, conversation: Conversation) -> None:
        """Store a conversation that was just read or committed. Ignore it if a newer one is already
        here."""
        entry = self._entries.get(conversation.id)
        if entry is not None:
            if entry[0].version > conversation.version:
                return
            self._weight.bytes -= _weigh(entry[0])
        self._entries[conversation.id] = (conversation, time.monotonic())
        self._entries.move_to_end(conversation.id)
        self._weight.bytes += _weigh(conversation)
        while len(self._entries) > _CAPACITY or self._weight.bytes > _MAX_BYTES:
            _, (oldest, _) = self._entries.popitem(last=False)
            self._weight.bytes -= _weigh(oldest)

    def outdate(self, conversation_id: str, version: int) -> None:
        """Drop the copy if it is older than this version."""
        entry = self._entries.get(conversation_id)
        if entry is not None and entry[0].version < version:
            self.drop(conversation_id)

    def clear(self) -> None:
        """Drop all copies."""
        self._entries.clear()
        self._weight.bytes = 0

    def drop(self, conversation_id: str) -> None:
        entry = self._entries.pop(conversation_id, None)
        if entry is not None:
            self._weight.bytes -= _weigh(entry[0])


def _weigh(conversation: Conversation) -> int:
    """Return its approximate bytes. It is computed from counts, because it runs with every
    commit."""
    characters = len(conversation.title or "")
    characters += len(conversation.metadata or "") + len(conversation.picture or "")
    last = conversation.last_message
    if last is not None:
        characters += len(last.text or "") + len(last.metadata or "")
        characters += _PART_CHARACTERS * len(last.attachments)
        for summary in last.reactions.values():
            characters += _PART_CHARACTERS * (1 + len(summary.user_ids))
    return (
        _CONVERSATION_BYTES
        + _PARTICIPANT_BYTES * len(conversation.participants)
        + _PREFERENCES_BYTES * len(conversation.preferences)
        + _SENT_BYTES * (len(conversation.sent_seq) + len(conversation.mentioned_seq))
        + _CHARACTER_BYTES * characters
        + len(conversation.uncounted.encoded)
    )
