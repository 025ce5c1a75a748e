"""The end of a token on a socket: told before it comes, put off by a fresh token."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

NOTICE_SECONDS = 25.0
"""How long before the end it is told. At the end the socket is closed: whoever is expired gets
nothing any more."""
_LONGEST_SECONDS = 3600.0


class Expiry:
    def __init__(
        self, *, on_expiring: Callable[[datetime], None], on_expired: Callable[[], None]
    ) -> None:
        self._on_expiring = on_expiring
        self._on_expired = on_expired
        self._expires_at: datetime | None = None
        self._told = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def expires_at(self) -> datetime | None:
        return self._expires_at

    def set(self, expires_at: datetime | None) -> None:
        """A token was shown that ends then; None never does."""
        self._expires_at = expires_at
        self._told = False
        self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self.stop()
        if self._expires_at is None:
            return
        left = (self._expires_at - datetime.now(UTC)).total_seconds()
        if left <= 0:
            self._on_expired()
            return
        if left <= NOTICE_SECONDS and not self._told:
            self._told = True
            self._on_expiring(self._expires_at)
        wait = left if self._told else left - NOTICE_SECONDS
        # By the wall clock, which may be set meanwhile.
        wait = min(max(wait, 0.001), _LONGEST_SECONDS)
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)
