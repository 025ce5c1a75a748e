"""Signing in to the admin: a few attempts for each account from each address.

An attempt is counted before its password is hashed. The limit is that of an account *and* an
address, so a stranger elsewhere cannot keep an operator out. It holds over all instances where
Redis is (`messaging.delivery.rates`), else on each.
"""

import hashlib
import math
from typing import Any

import structlog
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from chat.admin.bridge import on_loop
from chat.strangers import network_of
from messaging.delivery.rates import Rate
from messaging.instance import get_instance
from messaging.metrics import OPERATOR_SIGN_INS

logger = structlog.get_logger(__name__)

ATTEMPTS = Rate(name="operator-sign-ins", per_second=1 / 60, burst=5)
"""Five at once, then one a minute: 1,440 passwords a day."""


class SignInForm(AdminAuthenticationForm):
    retry_after = 0
    """Seconds until the next attempt is taken; 0 where this one was."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not username or not password:
            return super().clean()
        address = network_of(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        # A digest: somebody may have typed the password where the name belongs.
        key = hashlib.sha256(f"{address} {username}".encode()).hexdigest()
        wait = on_loop(_take)(key)
        if wait > 0:
            OPERATOR_SIGN_INS.labels("limited").inc()
            logger.warning("operator.sign_in_limited", address=address)
            self.retry_after = math.ceil(wait)
            raise forms.ValidationError(
                "There were too many attempts to sign in to this account from your address. "
                f"Retry in {self.retry_after} seconds.",
                code="rate_limited",
            )
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            OPERATOR_SIGN_INS.labels("refused").inc()
            logger.warning("operator.sign_in_refused", address=address)
            raise
        OPERATOR_SIGN_INS.labels("accepted").inc()
        on_loop(_forget)(key)
        return cleaned


async def _take(key: str) -> float:
    return await get_instance().rates.take(ATTEMPTS, key)


async def _forget(key: str) -> None:
    """Give back all attempts: this person knows the password."""
    await get_instance().rates.give_back(ATTEMPTS, key, count=ATTEMPTS.burst)
