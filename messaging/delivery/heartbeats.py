"""The heartbeats of all sockets of this process. Sockets that are due at the same moment share a
timer and a frame, which is encoded once."""

import asyncio
import math
from collections.abc import Callable
from contextvars import Context

import structlog

from messaging.delivery.shared_frames import SharedFrames

_MOMENTS = 250
"""The moments of an interval at which heartbeats are due: of 25 seconds, each tenth of a second."""

logger = structlog.get_logger(__name__)

Beat = Callable[[SharedFrames], None]


class Heartbeats:
    def __init__(self, frame: Callable[[], str]) -> None:
        """Create the heartbeats. `frame` returns a new frame."""
        self._frame = frame
        self._due: dict[float, set[Beat]] = {}
        """By the time of the event loop."""

    def add(self, beat: Beat, seconds: float, *, every: float) -> float:
        """Call `beat` after so many seconds, or at the next moment after that, if heartbeats come
        every so many seconds. Return the moment."""
        loop, apart = asyncio.get_running_loop(), every / _MOMENTS
        moment = math.ceil((loop.time() + seconds) / apart) * apart
        due = self._due.get(moment)
        if due is None:
            due = self._due[moment] = set()
            # Not in the context of a socket: its ids would appear in the log lines of others.
            loop.call_at(moment, self._beat, moment, context=Context())
        due.add(beat)
        return moment

    def remove(self, beat: Beat, moment: float) -> None:
        """Do not call `beat` at this moment."""
        self._due.get(moment, set()).discard(beat)

    def _beat(self, moment: float) -> None:
        due = self._due.pop(moment)
        if not due:
            return
        frames = SharedFrames(self._frame())
        for beat in due:
            try:
                beat(frames)
            except Exception:  # the sockets behind it would get none
                logger.exception("socket.heartbeat_failed")
