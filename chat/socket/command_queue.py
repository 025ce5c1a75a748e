"""The waiting commands of one socket."""

import sys

from messaging.concurrency.flag import Flag
from messaging.instruments.memory import MIB, Weight

_MAX_COMMANDS = 64
_MAX_BYTES = 256 * 1024
_ALL = Weight("commands", most=64 * MIB)
"""The bound over all sockets of this process."""


class CommandQueue:
    """A queue with a bound in number and in bytes, for one producer and one consumer.

    While the queue is full, the server stops reading from the socket. While the queues of all
    sockets together exceed their bound, each may hold one command. An empty queue takes a tenth of
    the memory of an `asyncio.Queue`.
    """

    __slots__ = ("_bytes", "_finished", "_items", "_news", "_room", "_unfinished")

    def __init__(self) -> None:
        self._items: list[str | None] = []
        """Short, so a list is as fast as a deque."""
        self._bytes = 0
        self._unfinished = 0
        self._news = Flag()
        self._room = Flag()
        self._finished = Flag(is_set=True)

    def qsize(self) -> int:
        return len(self._items)

    def empty(self) -> bool:
        return not self._items

    def full(self) -> bool:
        if len(self._items) >= _MAX_COMMANDS or self._bytes >= _MAX_BYTES:
            return True
        return _ALL.full and not self.empty()

    async def put(self, item: str | None) -> None:
        """Wait until the queue is not full, and add a command."""
        while self.full():
            self._room.clear()
            await self._room.wait()
        self.put_nowait(item)

    def put_nowait(self, item: str | None) -> None:
        """Add a command to a queue that is not full."""
        self._items.append(item)
        self._weigh(_size(item))
        self._unfinished += 1
        self._finished.clear()
        self._news.set()

    async def get(self) -> str | None:
        """Wait for a command, and remove it. Call `task_done` when it is answered."""
        while not self._items:
            self._news.clear()
            await self._news.wait()
        return self.get_nowait()

    def get_nowait(self) -> str | None:
        """Remove the first command of a queue that is not empty."""
        item = self._items.pop(0)
        self._weigh(-_size(item))
        self._room.set()
        return item

    def task_done(self) -> None:
        self._unfinished -= 1
        if not self._unfinished:
            self._finished.set()

    async def join(self) -> None:
        """Wait until all commands are answered."""
        while self._unfinished:
            await self._finished.wait()

    def forget(self) -> None:
        """Drop the waiting commands; the socket is gone."""
        while not self.empty():
            self.get_nowait()

    def _weigh(self, size: int) -> None:
        self._bytes += size
        _ALL.bytes += size


def _size(item: str | None) -> int:
    return 0 if item is None else sys.getsizeof(item)
