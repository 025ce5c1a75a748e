"""The messages of a conversation that never count as unread: deleted ones and system messages.

They are stored as ranges of message numbers, encoded as a short text: a head, and segments of up to
16 ranges in ascending order. `3,10,5;0,0,3,1,2,4` is [[4, 4], [7, 10]]. The head has the number
before the first range, the last number, and the count of numbers. A segment begins with the number
after which it starts, and the count of numbers in the segments before it. For each range, the
length of the gap before it and its own length follow.

A range costs a few bytes in stores and caches. Counting the unread messages above a position reads
the head and at most two segments. Deletions by other people must not make a person's lists and
totals expensive.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate, chain, pairwise

import orjson

MAX_RANGES = 500
"""Older ranges are dropped: their messages count as unread again for everyone who has not read that
far."""
MAX_CHARACTERS = 18_000
"""The size of 500 ranges of any numbers up to 2^53."""
_SEGMENT = 16


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
        head, segments = self.encoded.split(";", 1)
        before, last, total = map(int, head.split(","))
        above = total if seq >= last else _up_to(seq, segments)
        below = (
            0 if read_seq <= before else total if read_seq >= last else _up_to(read_seq, segments)
        )
        return behind - (above - below)

    def ranges(self) -> list[list[int]]:
        """Return them as `[[from, to], …]`, both inclusive, ascending."""
        segments = self.encoded.split(";")[1:]
        lengths = chain.from_iterable(_numbers(segment)[2:] for segment in segments)
        bounds = list(accumulate(lengths))
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

    def including(self, seqs: Iterable[int]) -> "Uncounted":
        """Return them with these message numbers, in any order, in one pass over the ranges."""
        ranges: list[list[int]] = []
        for first, last in merge(self.ranges(), ([seq, seq] for seq in sorted(seqs))):
            if ranges and first <= ranges[-1][1] + 1:
                ranges[-1][1] = max(ranges[-1][1], last)
            else:
                ranges.append([first, last])
        return Uncounted.of(ranges)

    def within(self, other: "Uncounted") -> bool:
        """Return whether the other ranges contain all of these, as far back as the others reach."""
        others = other.ranges()
        reach = others[0][0] if len(others) == MAX_RANGES else 0
        for first, last in self.ranges():
            place = bisect_right(others, first, key=_first)
            inside = place > 0 and last <= others[place - 1][1]
            if not inside and last >= reach:
                return False
        return True

    @classmethod
    def of(cls, ranges: Iterable[Iterable[int]]) -> "Uncounted":
        """Return the latest of these ranges, which are ascending and not adjacent."""
        latest = [(first - 1, last) for first, last in ranges][-MAX_RANGES:]
        if not latest:
            return ALL_COUNTED
        segments = []
        begin = passed = 0
        for start in range(0, len(latest), _SEGMENT):
            part = latest[start : start + _SEGMENT]
            bounds = [begin, *chain.from_iterable(part)]
            lengths = [later - former for former, later in pairwise(bounds)]
            segments.append(",".join(map(str, [begin, passed, *lengths])))
            begin, passed = bounds[-1], passed + sum(lengths[1::2])
        return cls(";".join([f"{latest[0][0]},{begin},{passed}", *segments]))


ALL_COUNTED = Uncounted()


def _up_to(seq: int, encoded: str) -> int:
    """Return how many message numbers up to this one are in the ranges."""
    segments = encoded.split(";")
    place = bisect_right(segments, seq, key=_begin) - 1
    begin, passed, *lengths = _numbers(segments[place])
    bounds = list(accumulate(lengths, initial=begin))
    ended = bisect_right(bounds, seq) - 1
    whole = passed + sum(lengths[1:ended:2])
    return whole + seq - bounds[ended] if ended % 2 else whole


def _numbers(segment: str) -> list[int]:
    numbers: list[int] = orjson.loads(f"[{segment}]")
    return numbers


def _begin(segment: str) -> int:
    """Return the number after which a segment starts."""
    return int(segment[: segment.index(",")])


def _first(range_: list[int]) -> int:
    return range_[0]
