"""A change in the queue, and the request that waits for its answer."""

import asyncio
import time

from messaging.changes.change import ConversationChange, Outcome
from messaging.domain.exceptions import StoreUnavailable


class Waiting:
    """A change whose request waits for an answer."""

    __slots__ = ("answer", "change", "since", "size")

    def __init__(self, change: ConversationChange) -> None:
        self.change = change
        self.size = change.size
        self.since = time.monotonic()
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    @property
    def abandoned(self) -> bool:
        return self.answer.done()

    def expire(self) -> None:
        """Give up: the change is not tried any more."""
        if not self.answer.done():
            self.answer.set_exception(StoreUnavailable())

    def give(self, outcome: Outcome | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Outcome):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)
