"""What derives from the messages of an imported conversation."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.domain.uncounted import ALL_COUNTED


class Derived:
    """What a conversation keeps of its messages, and the positions of its people."""

    def __init__(
        self, conversation: Conversation, *, visible_since: Mapping[str, datetime]
    ) -> None:
        """Create it. `visible_since` are the times from which on participants may see messages, by
        user id. Others may see all."""
        self._conversation = conversation
        self._hidden = sorted(visible_since.items(), key=lambda one: one[1], reverse=True)
        """Those who may see no message of those until now. The next one to see any is the last."""
        self._visible_from: dict[str, int] = {}
        self._sent: dict[str, int] = {}
        self._mentioned: dict[str, int] = {}
        self._left: set[str] = set()
        """The senders and reactors who are no participants any more."""
        self._uncounted = ALL_COUNTED
        self._last: Message | None = None
        self._other_seq = 0
        self._pinned = 0

    def add(self, message: Message, *, reactors: Iterable[str] = ()) -> None:
        """Add the next message, with the ids of all who reacted to it."""
        while self._hidden and self._hidden[-1][1] <= message.created_at:
            self._visible_from[self._hidden.pop()[0]] = message.seq
        people = self._conversation.participants
        if self._last is not None and self._last.sender_id != message.sender_id:
            self._other_seq = self._last.seq
        self._left.update(one for one in (message.sender_id, *reactors) if one not in people)
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
        next_seq = 1 if last is None else last.seq + 1
        hidden = {user_id: next_seq for user_id, _ in self._hidden} | self._visible_from
        people = {
            user_id: replace(one, visible_from=hidden.get(user_id, 1))
            for user_id, one in self._conversation.participants.items()
        }
        return replace(
            self._conversation,
            participants=people,
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
        """Return the positions of people who have read everything: of the participants, and of
        those who have left and whose messages or reactions stay. Exports and erasures of a person
        find a conversation by the position."""
        seq = 0 if self._last is None else self._last.seq
        return [
            ReadPosition(user_id=user_id, read_seq=seq, delivered_seq=seq)
            for user_id in sorted({*self._conversation.participants, *self._left})
        ]
