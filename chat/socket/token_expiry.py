"""The expiry of a socket's token: announced in advance, and postponed by a fresh token."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

NOTICE_SECONDS = 25.0
"""How long before the expiry the client gets `auth.expiring`. At the expiry the socket is closed,
because an expired person may get nothing more."""
_LONGEST_SECONDS = 3600.0


class TokenExpiry:
    __slots__ = (
        "_expires_at",
        "_on_expired",
        "_on_expiring",
        "_stopped",
        "_timer",
        "_told",
    )

    def __init__(
        self, *, on_expiring: Callable[[datetime], None], on_expired: Callable[[], None]
    ) -> None:
        self._on_expiring = on_expiring
        self._on_expired = on_expired
        self._expires_at: datetime | None = None
        self._told = False
        self._stopped = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def expires_at(self) -> datetime | None:
        return self._expires_at

    def set(self, expires_at: datetime | None) -> None:
        """Set the expiry of the present token; None means that it does not expire."""
        self._expires_at = expires_at
        self._told = False
        self._look()

    def stop(self) -> None:
        """Cancel the callbacks. `set` schedules none from now on."""
        self._stopped = True
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._cancel()
        if self._expires_at is None or self._stopped:
            return
        left = (self._expires_at - datetime.now(UTC)).total_seconds()
        if left <= 0:
            self._on_expired()
            return
        if left <= NOTICE_SECONDS and not self._told:
            self._told = True
            self._on_expiring(self._expires_at)
        wait = left if self._told else left - NOTICE_SECONDS
        self._look_after(wait)

    def _look_after(self, seconds: float) -> None:
        if self._stopped:  # the callback may have stopped it
            return
        # Compare with the wall clock, which may be set meanwhile.
        seconds = min(max(seconds, 0.001), _LONGEST_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)
