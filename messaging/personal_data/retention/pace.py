"""The pace of a run: at most so many messages a second, and in all. It works for a while, then
lets other jobs have their turn."""

import asyncio
import time

_CHANGES_AT_ONCE = 50


class Paused(Exception):
    """The run goes on later: other jobs have their turn."""


class LimitReached(Exception):
    """The run has done as many messages as it may."""


class Pace:
    def __init__(self, *, rate: int, left: int | None, seconds: float) -> None:
        """Create it. `rate`: messages a second; `left`: how many messages it may do, None for any
        number; `seconds`: how long it works before it pauses."""
        self._rate = rate
        self._left = left
        self._ends_at = time.monotonic() + seconds

    def check(self) -> None:
        """Raises Paused if its time is over."""
        if time.monotonic() >= self._ends_at:
            raise Paused

    def require(self) -> int:
        """Return how many messages may be done now. Raises Paused, LimitReached."""
        if self._left == 0:
            raise LimitReached
        self.check()
        most = min(self._rate, _CHANGES_AT_ONCE)
        return most if self._left is None else min(most, self._left)

    async def rest(self, messages: int, *, since: float) -> None:
        """Wait after so many messages, on which it has worked since a time of `monotonic`: for as
        long as it took, or longer for the rate. At least half of the time is for the people who
        chat."""
        if self._left is not None:
            self._left -= messages
        took = time.monotonic() - since
        await asyncio.sleep(max(took, messages / self._rate - took))
