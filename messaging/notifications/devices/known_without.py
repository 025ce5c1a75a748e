"""Known without: people of whom a read found no device, so that the messages of a busy conversation
share the read.

Only a read that began after a message was stored decides that somebody gets no push for it. The
jobs of connected people run seconds after their message. So one read decides about all messages
that were stored before it. `lookups` also keeps who had no device a moment ago, but without the
time of the read: there a later read decides, and here none follows.
"""

import time
from collections.abc import Iterable, Set
from typing import NamedTuple

from messaging.instruments.memory import MIB, Weight

_CLOCKS_SECONDS = 2.0
"""The clocks of two processes may differ by less than this."""
_MAX_BYTES = 8 * MIB
_PERSON_BYTES = 180
"""The approximate bytes of an entry besides the characters of its id, on 64-bit CPython."""


class Moment(NamedTuple):
    """A moment by both clocks of this process."""

    epoch: float
    """In seconds since the epoch. The clock may be set back: then what was read before it looks
    later than the messages that follow."""
    monotonic: float

    @classmethod
    def now(cls) -> "Moment":
        return cls(time.time(), time.monotonic())


class KnownWithout:
    def __init__(self) -> None:
        self._read_at: dict[str, Moment] = {}
        """When the read of a person began; the latest last."""
        self._weight = Weight("without_device", most=_MAX_BYTES)

    def among(self, user_ids: Iterable[str], *, made_at: float, now: Moment) -> Set[str]:
        """Return which of these people had no device after this moment, in seconds since the epoch
        by any process's clock. A read counts only if it is later by both clocks."""
        since = made_at + _CLOCKS_SECONDS
        known = {
            user_id: read_at
            for user_id in user_ids
            if (read_at := self._read_at.get(user_id)) is not None and read_at.epoch >= since
        }
        earliest = now.monotonic - (now.epoch - since)
        return {user_id for user_id, read_at in known.items() if read_at.monotonic >= earliest}

    def add(self, user_ids: Iterable[str], *, read_at: Moment) -> None:
        """Add people of whom a read found no device. The read began at `read_at`. Above the bound,
        the earliest are forgotten."""
        for user_id in user_ids:
            if self._read_at.pop(user_id, None) is None:
                self._weight.bytes += _PERSON_BYTES + len(user_id)
            self._read_at[user_id] = read_at
        while self._weight.full:
            earliest = next(iter(self._read_at))
            del self._read_at[earliest]
            self._weight.bytes -= _PERSON_BYTES + len(earliest)
