"""The heartbeats of all sockets of this process. Sockets that are due at the same moment share a
timer and a frame, which is encoded once."""

import asyncio
import math
from collections.abc import Callable
from contextvars import Context

import structlog

from messaging.delivery.shared_frames import SharedFrames

_MOMENTS = 100
"""The moments of an interval at which heartbeats are due: of 25 seconds, each quarter of a second.
The pings with which clients answer then come together too. With four times as many moments, the
event loop would wake for most of them alone."""

logger = structlog.get_logger(__name__)

Beat = Callable[[SharedFrames, int], bool]
"""Takes the frame and the number of the moment an interval later. Returns whether it is called
again then."""


class Heartbeats:
    def __init__(self, frame: Callable[[], str]) -> None:
        """Create the heartbeats. `frame` returns a new frame."""
        self._frame = frame
        self._due: dict[tuple[int, float], set[Beat]] = {}
        """By the number of their moment and their interval."""

    def add(self, beat: Beat, seconds: float, *, every: float) -> int:
        """Call `beat` after so many seconds, or at the next moment after that, if heartbeats come
        every so many seconds. Return the number of the moment."""
        number = self._first_after(seconds, every)
        self._due_at(number, every).add(beat)
        return number

    def remove(self, beat: Beat, number: int, *, every: float) -> None:
        """Do not call `beat` at this moment."""
        self._due.get((number, every), set()).discard(beat)

    def _first_after(self, seconds: float, every: float) -> int:
        return math.ceil((asyncio.get_running_loop().time() + seconds) * _MOMENTS / every)

    def _due_at(self, number: int, every: float) -> set[Beat]:
        due = self._due.get((number, every))
        if due is None:
            due = self._due[number, every] = set()
            # Not in the context of a socket: its ids would appear in the log lines of others.
            asyncio.get_running_loop().call_at(
                number * every / _MOMENTS, self._beat, number, every, context=Context()
            )
        return due

    def _beat(self, number: int, every: float) -> None:
        due = self._due.pop((number, every))
        if not due:
            return
        frames = SharedFrames(self._frame())
        # Mostly exactly an interval later. After a stall, no heartbeats are made up for.
        following = max(number + _MOMENTS, self._first_after(every, every) - 1)
        again = self._due_at(following, every)
        for beat in due:
            try:
                if beat(frames, following):
                    again.add(beat)
            except Exception:  # the sockets behind it would get none
                logger.exception("socket.heartbeat_failed")
