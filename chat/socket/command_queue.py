"""The waiting commands of one socket."""

import asyncio
import sys

from messaging.instruments.memory import MIB, Weight

_MAX_COMMANDS = 64
_MAX_BYTES = 256 * 1024
_ALL = Weight("commands", most=64 * MIB)
"""The bound over all sockets of this process."""


class CommandQueue(asyncio.Queue[str | None]):
    """A queue with a bound in number and in bytes.

    While the queue is full, the server stops reading from the socket. While the queues of all
    sockets together exceed their bound, each may hold one command.
    """

    def __init__(self) -> None:
        super().__init__(_MAX_COMMANDS)
        self._bytes = 0

    def full(self) -> bool:
        if super().full() or self._bytes >= _MAX_BYTES:
            return True
        return _ALL.full and not self.empty()

    def forget(self) -> None:
        """Drop the waiting commands; the socket is gone."""
        while not self.empty():
            self.get_nowait()

    # asyncio's hooks for subclasses of its queue

    def _put(self, item: str | None) -> None:
        self._count(_size(item))
        super()._put(item)

    def _get(self) -> str | None:
        item = super()._get()
        self._count(-_size(item))
        return item

    def _count(self, size: int) -> None:
        self._bytes += size
        _ALL.bytes += size


def _size(item: str | None) -> int:
    return 0 if item is None else sys.getsizeof(item)
