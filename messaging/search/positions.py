"""Positions: the places of messages in all results, by time.

A position is the time in milliseconds, followed by 20 bits from the message's id. So the newest
messages are the largest numbers, a period is a range, and no table has to be sorted.
"""

from datetime import UTC, datetime, timedelta
from zlib import crc32

_BITS = 20
_LOW = (1 << _BITS) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND, MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)
MAX_POSITION = 2**63 - 1
"""The largest number that the databases store."""


def position_of(created_at: datetime, message_id: str) -> int:
    """Return the position of a message. Two messages of one millisecond may have the same one: the
    index then moves the second one up."""
    low = crc32(message_id.encode()) & _LOW
    return first_position(created_at) + low


def first_position(at: datetime) -> int:
    """Return the first position of messages at this time."""
    milliseconds = (at - _EPOCH) // MILLISECOND
    return min(max(milliseconds, -(2**42)), 2**42) << _BITS
