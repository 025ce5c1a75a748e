"""The frames of one socket that wait until its client has read earlier ones.

They are bounded in frames and in bytes, for each socket and over all sockets of this process. When
they exceed a bound, soft events are dropped first. If that is not enough, the client is too slow.
"""

import itertools
from collections import OrderedDict

from messaging.instruments import metrics
from messaging.instruments.memory import MIB, Weight

_MAX_FRAMES = 1_000
_MAX_BYTES = 8 * MIB
_ALL = Weight("outboxes", most=256 * MIB)
"""The bound over all sockets of this process. Above it, a socket with more than its share counts as
too slow."""
_waiting_sockets = 0


class WaitingFrames:
    __slots__ = ("_bytes", "_frames", "_numbers", "_soft")

    def __init__(self) -> None:
        self._frames: OrderedDict[int | str, str] = OrderedDict()
        """In the order of writing. The key of a soft frame is its own, any other key is a
        number."""
        self._numbers = itertools.count()
        self._soft = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def has_room(self) -> bool:
        """Return whether less than half of what a socket may hold waits."""
        return len(self._frames) < _MAX_FRAMES / 2 and self._bytes < _MAX_BYTES / 2

    def add(self, frame: str, key: str | None = None) -> bool:
        """Add a frame behind all others. A frame with a key is soft: it replaces the waiting frame
        of that key, and may be dropped. Return False if the client is too slow."""
        if key is not None and key in self._frames:
            self._remove(key)
            metrics.SOFT_EVENTS_DROPPED.labels(reason="replaced").inc()
        self._frames[next(self._numbers) if key is None else key] = frame
        self._soft += key is not None
        self._weigh(_size(frame))
        if self._overflow():
            self._drop_soft()
        return not self._overflow()

    def take(self) -> str:
        """Remove the first frame, and return it."""
        return self._remove(next(iter(self._frames)))

    def clear(self) -> None:
        self._frames.clear()
        self._soft = 0
        self._weigh(-self._bytes)

    def _remove(self, key: int | str) -> str:
        frame = self._frames.pop(key)
        self._soft -= isinstance(key, str)
        self._weigh(-_size(frame))
        return frame

    def _drop_soft(self) -> None:
        if not self._soft:
            return
        keys = [key for key in self._frames if isinstance(key, str)]
        for key in keys:
            self._remove(key)
        metrics.SOFT_EVENTS_DROPPED.labels(reason="overflow").inc(len(keys))

    def _weigh(self, size: int) -> None:
        global _waiting_sockets  # noqa: PLW0603 - of all sockets
        _waiting_sockets -= self._bytes > 0
        self._bytes += size
        _ALL.bytes += size
        _waiting_sockets += self._bytes > 0

    def _overflow(self) -> bool:
        if len(self._frames) > _MAX_FRAMES or self._bytes > _MAX_BYTES:
            return True
        return _ALL.full and self._bytes * _waiting_sockets >= _ALL.bytes


def _size(frame: str) -> int:
    return len(frame) if frame.isascii() else len(frame.encode())
