"""Heartbeats of one socket, and the idle timeout: a socket that sends nothing is closed."""

import asyncio
import time
from collections.abc import Callable

_SILENT_HEARTBEATS = 3
"""The heartbeats after which an idle client is disconnected. They take 75 seconds, so hidden tabs,
whose timers fire once a minute, stay connected."""


class Heartbeat:
    """Calls `on_beat` at an interval, and `on_idle` after three intervals without a frame."""

    __slots__ = (
        "_heard_at",
        "_on_beat",
        "_on_idle",
        "_seconds",
        "_stopped",
        "_timer",
    )

    def __init__(
        self, seconds: float, *, on_beat: Callable[[], None], on_idle: Callable[[], None]
    ) -> None:
        self._seconds = seconds
        self._on_beat = on_beat
        self._on_idle = on_idle
        self._heard_at = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def heard(self) -> None:
        """Note that the client has sent something."""
        self._heard_at = time.monotonic()

    def start(self) -> None:
        """Schedule the next heartbeat or the end of the idle timeout, whichever is first."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(self._seconds, self._seconds_left), self._beat)

    def stop(self) -> None:
        """Call nothing any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    @property
    def _seconds_left(self) -> float:
        return _SILENT_HEARTBEATS * self._seconds - (time.monotonic() - self._heard_at)

    def _beat(self) -> None:
        if self._seconds_left <= 0:
            self._on_idle()
            return
        self._on_beat()
        if not self._stopped:  # the frame may have closed the socket
            self.start()
