"""The place of a client in the stream of one conversation: pure, without input or output.

`position` is the version up to which every change was applied; None until the conversation is
loaded. Only events and answers to a sync move it.
"""

import bisect
import math

from chat_client.model.durable import DurableEvent

MAX_HELD = 1000
"""Beyond these, a sync brings what is dropped here."""


def _version(event: DurableEvent) -> int:
    return event.version


class Cursor:
    def __init__(self) -> None:
        self.position: int | None = None
        self._announced: float = 0
        """The version that the server has named, without an event that leads to it."""
        self._asked_for = 0
        """The latest held event when the latest sync was sent."""
        self._held: list[DurableEvent] = []
        """Events ahead of the position, by ascending version."""

    @property
    def is_behind(self) -> bool:
        """Whether a change is missing that only a sync brings."""
        if self.position is None:
            return False
        return bool(self._held) or self._announced > self.position

    def announce(self, version: float) -> None:
        """Note that the server has this version. Infinity asks for a sync in any case."""
        self._announced = max(self._announced, version)

    def must_sync(self) -> None:
        self.announce(math.inf)

    def hold(self, event: DurableEvent) -> None:
        """Keep an event until its turn comes."""
        if self.position is not None and event.version <= self.position:
            return
        if len(self._held) >= MAX_HELD:
            self.announce(event.version)
            return
        bisect.insort_right(self._held, event, key=_version)

    def next(self) -> DurableEvent | None:
        """Take the event that covers the next version, and move on to its version."""
        if self.position is None:
            return None
        while self._held and self._held[0].version <= self.position:
            del self._held[0]
        for index, event in enumerate(self._held):
            if event.since <= self.position:
                self.position = event.version
                return self._held.pop(index)
        return None

    def reach(self, version: int) -> None:
        """Move to the version of an answer to a sync, or of a loaded conversation: never back."""
        self.position = max(self.position or 0, version)

    def asking(self) -> None:
        """A sync is sent: its answer covers all that was announced until now."""
        self._announced = 0
        self._asked_for = self._held[-1].version if self._held else 0

    def answered(self) -> None:
        """The last answer to a sync was applied. An event that was there before the sync, and that
        does not follow its answer, is of no change that the store has: another sync would not bring
        it."""
        self._held = [event for event in self._held if event.version > self._asked_for]

    def disconnected(self) -> None:
        """Drop the held events: the next `hello` shows whether anything is missing."""
        self._held.clear()
