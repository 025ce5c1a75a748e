"""The messages of a conversation that count as unread for nobody: deleted ones.

They are kept as ranges of message numbers, encoded as a short text: in ascending order, for each
range how many messages lie before it since the range before, and how many messages are in it.
`3,1,2,4` is [[4, 4], [7, 10]]. A range costs a few bytes in stores, caches and masked reads, and
what does not ask for the ranges never decodes them.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import orjson

MOST_RANGES = 500
"""The older ranges are forgotten: the messages in them count as unread again for everybody who has
not read that far."""
MOST_CHARACTERS = 17_000
"""500 ranges of any numbers up to 2^53."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    encoded: str = ""

    def __bool__(self) -> bool:
        return bool(self.encoded)

    def unread(self, *, seq: int, read_seq: int) -> int:
        """Return how many of the messages above `read_seq`, up to `seq`, count as unread."""
        behind = max(seq - read_seq, 0)
        if not behind or not self.encoded:
            return behind
        lengths = self._lengths()
        bounds = list(accumulate(lengths))
        return behind - (_up_to(seq, lengths, bounds) - _up_to(read_seq, lengths, bounds))

    def ranges(self) -> list[list[int]]:
        """Return them as `[[from, to], …]`, both inclusive, ascending."""
        bounds = list(accumulate(self._lengths()))
        return [[before + 1, last] for before, last in zip(bounds[::2], bounds[1::2], strict=True)]

    def adding(self, seq: int) -> "Uncounted":
        """Return them with one more message number."""
        ranges = self.ranges()
        place = bisect_right(ranges, seq, key=_first)
        earlier, later = ranges[:place], ranges[place:]
        if earlier and earlier[-1][1] >= seq:
            return self
        added = [seq, seq]
        if earlier and earlier[-1][1] == seq - 1:
            added[0] = earlier.pop()[0]
        if later and later[0][0] == seq + 1:
            added[1] = later.pop(0)[1]
        return Uncounted.of([*earlier, added, *later])

    def within(self, other: "Uncounted") -> bool:
        """Return whether the other ranges hold all of these, as far back as the others reach."""
        others = other.ranges()
        reach = others[0][0] if len(others) == MOST_RANGES else 0
        for first, last in self.ranges():
            place = bisect_right(others, first, key=_first)
            inside = place > 0 and last <= others[place - 1][1]
            if not inside and last >= reach:
                return False
        return True

    @classmethod
    def of(cls, ranges: Iterable[Iterable[int]]) -> "Uncounted":
        """Return the latest of these ranges: ascending, with at least one number between two."""
        latest = [(first - 1, last) for first, last in ranges][-MOST_RANGES:]
        lengths = (later - former for former, later in pairwise(chain([0], *latest)))
        return cls(",".join(map(str, lengths)))

    @classmethod
    def of_numbers(cls, seqs: Iterable[int]) -> "Uncounted":
        """Return the ranges of ascending message numbers."""
        ranges: list[list[int]] = []
        for seq in seqs:
            if ranges and ranges[-1][1] == seq - 1:
                ranges[-1][1] = seq
            else:
                ranges.append([seq, seq])
        return cls.of(ranges)

    def _lengths(self) -> list[int]:
        """Return of the stretches that count and those that do not, in turns, the lengths."""
        lengths: list[int] = orjson.loads(f"[{self.encoded}]")
        return lengths


def _up_to(seq: int, lengths: list[int], bounds: list[int]) -> int:
    """Return how many message numbers up to this one do not count."""
    passed = bisect_right(bounds, seq)
    whole = sum(lengths[1:passed:2])
    return whole + seq - bounds[passed - 1] if passed % 2 else whole


def _first(range_: list[int]) -> int:
    return range_[0]


ALL_COUNTED = Uncounted()
