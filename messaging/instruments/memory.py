"""Memory by weight: the bytes in the caches and queues of this process, and their bounds.

Clients choose the size of what they send, up to a limit each. A bound by number alone would allow
gigabytes. docs/metrics.md lists caches, queues and maps with their bounds.
"""

import weakref
from collections.abc import Callable
from typing import TypeVar

from messaging.instruments.metrics import CACHE_BYTES, CACHE_LIMIT_BYTES

Owner = TypeVar("Owner")

MIB = 1024 * 1024


class Weight:
    """The bytes of one kind of entries in this process, over all holders."""

    def __init__(self, name: str, *, most: int) -> None:
        """Create a weight with a bound of `most` bytes. The metrics show both under this name."""
        self.most = most
        self.bytes = 0
        show_weight(name, self, lambda weight: weight.bytes, most=most)

    @property
    def full(self) -> bool:
        return self.bytes >= self.most


def show_weight(name: str, owner: Owner, weigh: Callable[[Owner], int], *, most: int) -> None:
    """Show the bytes of the owner in the metrics, for as long as it lives."""
    held = weakref.ref(owner)

    def read() -> float:
        living = held()
        return 0 if living is None else weigh(living)

    CACHE_BYTES.labels(name).set_function(read)
    CACHE_LIMIT_BYTES.labels(name).set(most)
