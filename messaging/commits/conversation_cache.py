"""Conversations this process has seen lately, so that a send needs no read."""

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
_CHARACTER_BYTES = 4
"""Each a little above what tracemalloc measures: a participant takes 180 bytes with a user id of
20 characters and 290 with one of 128, to which a copy of the id is added."""
_FRESH_SECONDS = 2.0


class ConversationCache:
    """A cache bounded by number and by weight, least recently used out first.

    What it holds may be outdated. A commit proves its base by the token; a plain read must ask
    for a `fresh` copy, which is at most two seconds old: that bounds how long somebody who was
    removed on another instance may go on reading here when no event told of it.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[Conversation, float]] = OrderedDict()
        self._weight = Weight("conversations", most=_MAX_BYTES)

    @property
    def bytes(self) -> int:
        """About how many it takes."""
        return self._weight.bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, conversation_id: str) -> Conversation | None:
        """The copy of any age."""
        entry = self._entries.get(conversation_id)
        if entry is None:
            return None
        self._entries.move_to_end(conversation_id)
        return entry[0]

    def get_fresh(
        self, conversation_id: str, *, seconds: float = _FRESH_SECONDS
    ) -> Conversation | None:
        """The copy, unless it was read longer ago than that."""
        entry = self._entries.get(conversation_id)
        if entry is None or time.monotonic() - entry[1] > seconds:
            return None
        return self.get(conversation_id)

    def put(self, conversation: Conversation) -> None:
        """Keep a conversation as just read or committed; a read that was overtaken is ignored."""
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
        """Forget the copy if it is older than this version."""
        entry = self._entries.get(conversation_id)
        if entry is not None and entry[0].version < version:
            self.drop(conversation_id)

    def clear(self) -> None:
        """Forget all copies."""
        self._entries.clear()
        self._weight.bytes = 0

    def drop(self, conversation_id: str) -> None:
        entry = self._entries.pop(conversation_id, None)
        if entry is not None:
            self._weight.bytes -= _weigh(entry[0])


def _weigh(conversation: Conversation) -> int:
    """Return about how many bytes it takes; by numbers, for it is done with every commit."""
    last = conversation.last_message
    characters = len(conversation.title or "") + (len(last.text or "") if last else 0)
    return (
        _CONVERSATION_BYTES
        + _PARTICIPANT_BYTES * len(conversation.participants)
        + _PREFERENCES_BYTES * len(conversation.preferences)
        + _SENT_BYTES * len(conversation.sent_seq)
        + _CHARACTER_BYTES * characters
        + len(conversation.uncounted.encoded)
    )
