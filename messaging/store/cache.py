"""Conversations this process has seen lately, so that a send needs no read."""

import time
from collections import OrderedDict

from messaging.entities import Conversation

_CAPACITY = 10_000
_FRESH_SECONDS = 2.0


class ConversationCache:
    """A bounded cache, least recently used out first.

    What it holds may be outdated. A commit proves its base by the token; a plain read must ask
    for a `fresh` copy, which is at most two seconds old: that bounds how long somebody who was
    removed on another instance may go on reading here when no event told of it.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[Conversation, float]] = OrderedDict()

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
        if entry is not None and entry[0].version > conversation.version:
            return
        self._entries[conversation.id] = (conversation, time.monotonic())
        self._entries.move_to_end(conversation.id)
        if len(self._entries) > _CAPACITY:
            self._entries.popitem(last=False)

    def outdate(self, conversation_id: str, version: int) -> None:
        """Forget the copy if it is older than this version."""
        entry = self._entries.get(conversation_id)
        if entry is not None and entry[0].version < version:
            del self._entries[conversation_id]

    def clear(self) -> None:
        """Forget all copies."""
        self._entries.clear()

    def drop(self, conversation_id: str) -> None:
        self._entries.pop(conversation_id, None)
