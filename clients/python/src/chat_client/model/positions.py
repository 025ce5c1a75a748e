"""How far each person has read a conversation: pure, without input or output.

A position only moves forward. A person has read their own messages, and all before them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

MAX_RANGES = 1000
"""The server tells the latest 500."""


class Position(NamedTuple):
    read_seq: int
    delivered_seq: int


_NONE = Position(0, 0)


class Positions:
    def __init__(self, me: str) -> None:
        self.marked_unread: int | None = None
        """The `seq` of the message that I marked as unread."""
        self._wanted = 0
        """The position that the server is not known to have yet."""
        self._me = me
        self._positions: dict[str, Position] = {}
        self._uncounted: list[Sequence[int]] = []
        """The `seq`s of deleted and system messages, as ranges `[from, to]`."""

    @property
    def read_seq(self) -> int:
        return max(self._wanted, self._positions.get(self._me, _NONE).read_seq)

    @property
    def others(self) -> Mapping[str, Position]:
        """The positions of the others, by user id."""
        return MappingProxyType(
            {user_id: one for user_id, one in self._positions.items() if user_id != self._me}
        )

    def counted(self, after: int, up_to: int) -> int:
        """How many messages above the first `seq`, up to the second one, are neither deleted nor of
        the system."""
        count = max(0, up_to - after)
        for from_, to in self._uncounted:
            count -= max(0, min(to, up_to) - max(from_ - 1, after))
        return count

    def moved(self, user_id: str, read_seq: int, delivered_seq: int = 0) -> None:
        before = self._positions.get(user_id, _NONE)
        after = Position(
            max(read_seq, before.read_seq), max(read_seq, delivered_seq, before.delivered_seq)
        )
        if user_id == self._me and after.read_seq > self.read_seq:
            self.marked_unread = None
        self._positions[user_id] = after

    def want(self, seq: int) -> None:
        """Show a position of mine before the server has it."""
        if seq > self.read_seq:
            self.marked_unread = None
        self._wanted = max(self._wanted, seq)

    def unwant(self) -> None:
        """The server refused what I wanted."""
        self._wanted = 0

    def forget(self, user_id: str) -> None:
        self._positions.pop(user_id, None)

    def count(self, ranges: Sequence[Sequence[int]]) -> None:
        """Take the ranges of a conversation object."""
        self._uncounted = list(ranges)

    def uncount(self, seq: int) -> None:
        """A message was deleted, or is of the system."""
        if self.counted(seq - 1, seq) == 0:
            return
        self._uncounted.append((seq, seq))
        if len(self._uncounted) > MAX_RANGES:
            del self._uncounted[0]
