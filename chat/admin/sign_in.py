"""Signing in to the admin: a few attempts for each account from each address.

An attempt is counted before its password is hashed. One limit is that of an account *and* an
address, the other that of an address over all accounts, so a stranger at another address uses up
neither. Many addresses together can keep the line full, each for its few attempts. Both hold over
all instances where Redis is (`messaging.redis.rate_limits`), else on each.

A hash takes a core for a third of a second. A process computes one hash at a time, so guesses take
at most one core.
"""

import hashlib
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from chat.admin.bridge import on_loop
from chat.instances import instance_of
from chat.limits.strangers import network_of
from messaging.instruments.metrics import OPERATOR_SIGN_INS
from messaging.redis.rate_limits import Rate, Rates

logger = structlog.get_logger(__name__)

ATTEMPTS = Rate(name="operator-sign-ins", per_second=1 / 60, burst=5)
"""Five at once, then one a minute: 1,440 passwords a day."""
ATTEMPTS_OF_ADDRESS = Rate(name="operator-sign-ins-of-address", per_second=1 / 6, burst=20)
"""Twenty at once for an office, then ten a minute: each may name another account."""

_MAX_WAITING = 8
"""For the hash, of all addresses; `chat.limits.strangers` lets two of each come so far."""


class _Hashing:
    """One slot for computing a hash, and a bounded queue of threads in front of it."""

    def __init__(self) -> None:
        self._place = threading.Lock()
        self._line = threading.Semaphore(_MAX_WAITING + 1)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Wait for the place and have it; False at once where too many wait."""
        if not self._line.acquire(blocking=False):
            yield False
            return
        try:
            with self._place:
                yield True
        finally:
            self._line.release()


_hashing = _Hashing()


class SignInForm(AdminAuthenticationForm):
    retry_after = 0
    """Seconds until the next attempt is taken; 0 where this one was."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not username or not password:
            return super().clean()
        assert self.request is not None  # the site gives it to the form
        rates = instance_of(self.request).rates
        address = network_of(self.request.META.get("REMOTE_ADDR", ""))
        # A digest: somebody may have typed the password where the name belongs.
        account = hashlib.sha256(f"{address} {username}".encode()).hexdigest()
        wait, tried = on_loop(_take)(rates, account, address)
        if wait > 0:
            detail = f"There were too many attempts to sign in {tried}from your address."
            raise self._limited(address, wait, detail)
        with _hashing.place() as given:
            if not given:
                on_loop(_give_back)(rates, account, address, 1)
                raise self._limited(address, 1.0, "There are too many attempts to sign in.")
            try:
                cleaned = super().clean()
            except forms.ValidationError:
                OPERATOR_SIGN_INS.labels("refused").inc()
                logger.warning("operator.sign_in_refused", address=address)
                raise
        OPERATOR_SIGN_INS.labels("accepted").inc()
        # This person knows the password: all attempts at this account are forgotten.
        on_loop(_give_back)(rates, account, address, ATTEMPTS.burst)
        return cleaned

    def _limited(self, address: str, wait: float, detail: str) -> forms.ValidationError:
        OPERATOR_SIGN_INS.labels("limited").inc()
        logger.warning("operator.sign_in_limited", address=address)
        self.retry_after = math.ceil(wait)
        return forms.ValidationError(
            f"{detail} Retry in {self.retry_after} seconds.", code="rate_limited"
        )


async def _take(rates: Rates, account: str, address: str) -> tuple[float, str]:
    """Return 0.0 and count one attempt; or return the seconds to wait, and nothing is counted. The
    text says what was tried too often, where it is not the address alone."""
    wait = await rates.take(ATTEMPTS, account)
    if wait > 0:
        return wait, "to this account "
    if address:
        wait = await rates.take(ATTEMPTS_OF_ADDRESS, address)
        if wait > 0:
            await rates.give_back(ATTEMPTS, account, count=1)
    return wait, ""


async def _give_back(rates: Rates, account: str, address: str, attempts: int) -> None:
    """Give back some attempts at this account, and one of the address."""
    await rates.give_back(ATTEMPTS, account, count=attempts)
    if address:
        await rates.give_back(ATTEMPTS_OF_ADDRESS, address, count=1)
