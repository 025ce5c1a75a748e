"""The messages of one conversation, by `seq`: pure, without input or output.

Until the conversation is opened, only the latest message is kept. Then the history begins with a
page of REST, and grows by events at its end and by pages at its beginning, without holes.
"""

import math
from collections.abc import Sequence

from chat_client.models import Message, MessagePage

KEPT = 50
"""How many messages stay when nobody shows the conversation."""


class History:
    def __init__(self) -> None:
        self.has_older = False
        self.first_seq: int | None = None
        """The first `seq` of the history without holes; None if no page was loaded."""
        self._growing = False
        """Whether a page is on its way, so that every message is kept."""
        self._by_seq: dict[int, Message] = {}
        self._latest = 0
        self._list: tuple[Message, ...] | None = None

    @property
    def is_open(self) -> bool:
        return self.first_seq is not None

    @property
    def latest(self) -> Message | None:
        return self._by_seq.get(self._latest)

    @property
    def messages(self) -> Sequence[Message]:
        """Ascending, without holes. The sequence is another one after each change."""
        if self.first_seq is None:
            return ()
        if self._list is None:
            seqs = sorted(seq for seq in self._by_seq if seq >= self.first_seq)
            self._list = tuple(self._by_seq[seq] for seq in seqs)
        return self._list

    def at(self, seq: int) -> Message | None:
        return self._by_seq.get(seq)

    def replace(self, message: Message) -> None:
        """Put a message in the place of the one that is held."""
        self._by_seq[message.seq] = message
        self._list = None

    def keep(self, message: Message) -> bool:
        """Keep the newer of two states of a message. Returns whether this one is news."""
        seq = message.seq
        held = self._by_seq.get(seq)
        if held is not None and held.version >= message.version:
            return False
        first = math.inf if self.first_seq is None else self.first_seq
        if held is None and not self._growing and seq < min(first, self._latest):
            return False
        if self.first_seq is None and not self._growing and seq > self._latest:
            self._by_seq.clear()
        self._by_seq[seq] = message
        self._latest = max(self._latest, seq)
        self._list = None
        return True

    def will_open(self) -> None:
        """Call this before a page is requested: a change of its messages may overtake the page."""
        self._growing = True

    def add_page(self, page: MessagePage) -> None:
        """The messages of the latest page were kept, or of the one before the messages here."""
        self._growing = False
        starts = [one.seq for one in page.items[:1]]
        if self.first_seq is not None:
            starts.append(self.first_seq)
        self.first_seq = min(starts, default=1)
        self.has_older = bool(page.has_more_before)
        self._list = None

    def trim(self, count: int = KEPT) -> None:
        """Forget all but the latest messages, unless a page is on its way: it would leave a
        hole."""
        if self._growing or len(self.messages) <= count:
            return
        oldest = self.messages[-count].seq
        self.first_seq = oldest
        self.has_older = True
        self._by_seq = {seq: one for seq, one in self._by_seq.items() if seq >= oldest}
        self._list = None
