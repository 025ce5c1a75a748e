"""The digest of a conversation: equal if two stores hold the same conversation and messages.

It covers the line of the conversation and the lines of its messages, as `lines.encode` writes them.
Read positions, `preferences` and `blocked_by` are not in it: people change them without a new
version of the conversation.
"""

import hashlib
from dataclasses import replace

from messaging.domain.conversation import Conversation
from messaging.exchange.lines import encode
from messaging.exchange.records import FullMessage


class ConversationHash:
    def __init__(self) -> None:
        self._state = hashlib.sha256()
        self.messages = 0
        """How many messages were added."""

    def add(self, record: Conversation | FullMessage) -> bytes:
        """Add the conversation first, then its messages by `seq`. Return the line."""
        line = encode(record)
        if isinstance(record, FullMessage):
            self.add_line(line)
        else:
            self._state.update(encode(replace(record, preferences={}, blocked_by=frozenset())))
        return line

    def add_line(self, line: bytes) -> None:
        """Add the line of a message."""
        self._state.update(line)
        self.messages += 1

    def digest(self) -> str:
        """Return SHA-256 in hexadecimal."""
        return self._state.hexdigest()
