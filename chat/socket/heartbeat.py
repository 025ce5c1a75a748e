"""The heartbeat of one socket, and the idle timeout: a socket that sends nothing is closed."""

import time
from collections.abc import Callable

from messaging.delivery.heartbeats import Heartbeats
from messaging.delivery.shared_frames import SharedFrames

_SILENT_HEARTBEATS = 3
"""The heartbeats after which an idle client is disconnected. They take 75 seconds, so hidden tabs,
whose timers fire once a minute, stay connected."""


class Heartbeat:
    """Calls `on_beat` at an interval, and `on_idle` after three intervals without a frame."""

    __slots__ = (
        "_all",
        "_heard_at",
        "_number",
        "_on_beat",
        "_on_idle",
        "_seconds",
        "_stopped",
    )

    def __init__(
        self,
        all_: Heartbeats,
        seconds: float,
        *,
        on_beat: Callable[[SharedFrames], None],
        on_idle: Callable[[], None],
    ) -> None:
        self._all = all_
        self._seconds = seconds
        self._on_beat = on_beat
        self._on_idle = on_idle
        self._heard_at = time.monotonic()
        self._number: int | None = None
        """The number of the moment at which `beat` is called next."""
        self._stopped = False

    def heard(self) -> None:
        """Note that the client has sent something."""
        self._heard_at = time.monotonic()

    def start(self) -> None:
        """Schedule the next heartbeat or the end of the idle timeout, whichever is first."""
        seconds = min(self._seconds, self._seconds_left)
        self._number = self._all.add(self.beat, seconds, every=self._seconds)

    def stop(self) -> None:
        """Call nothing any more."""
        self._stopped = True
        if self._number is not None:
            self._all.remove(self.beat, self._number, every=self._seconds)

    def beat(self, frames: SharedFrames, following: int) -> bool:
        """Send the heartbeat, or end the socket if it is idle. Return whether the next one is due
        an interval later, at the moment of this number."""
        if self._stopped:  # by the beat of another one
            return False
        left = self._seconds_left
        if left <= 0:
            self._on_idle()
            return False
        self._on_beat(frames)
        again = left >= self._seconds
        if again:
            self._number = following
        elif not self._stopped:  # the frame may have closed the socket
            self.start()
        return again and not self._stopped

    @property
    def _seconds_left(self) -> float:
        return _SILENT_HEARTBEATS * self._seconds - (time.monotonic() - self._heard_at)
