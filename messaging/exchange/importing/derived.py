"""What derives from the messages of an imported conversation."""

from dataclasses import replace

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.domain.uncounted import ALL_COUNTED


class Derived:
    """What a conversation keeps of its messages, and the positions of its people."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._sent: dict[str, int] = {}
        self._mentioned: dict[str, int] = {}
        self._uncounted = ALL_COUNTED
        self._last: Message | None = None
        self._other_seq = 0
        self._pinned = 0

    def add(self, message: Message) -> None:
        """Add the next message."""
        people = self._conversation.participants
        if self._last is not None and self._last.sender_id != message.sender_id:
            self._other_seq = self._last.seq
        if message.sender_id in people:
            self._sent[message.sender_id] = message.seq
        for user_id in message.mentions:
            if user_id in people:
                self._mentioned[user_id] = message.seq
        if message.deleted_at is not None:
            self._uncounted = self._uncounted.adding(message.seq)
        self._pinned += message.pinned_at is not None
        self._last = message

    def conversation(self) -> Conversation:
        last = self._last
        return replace(
            self._conversation,
            active_at=self._conversation.created_at if last is None else last.created_at,
            seq=0 if last is None else last.seq,
            version=1 if last is None else last.version,
            sent_seq=self._sent,
            mentioned_seq=self._mentioned,
            uncounted=self._uncounted,
            last_sender_id="" if last is None else last.sender_id,
            other_seq=self._other_seq,
            pinned_count=self._pinned,
        )

    def positions(self) -> list[ReadPosition]:
        """Return the positions of people who have read everything."""
        seq = 0 if self._last is None else self._last.seq
        return [
            ReadPosition(user_id=user_id, read_seq=seq, delivered_seq=seq)
            for user_id in sorted(self._conversation.participants)
        ]
