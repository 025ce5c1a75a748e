"""The sign-in form of operators. An attempt is counted before its password is hashed.

`chat.limits.sign_ins` refuses most attempts beyond the rates before they reach this form, and lets
one attempt in at a time.
"""

from typing import Any

import structlog
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from chat.admin.bridge import on_loop
from chat.limits import sign_ins
from chat.limits.strangers import network_of
from chat.state import state_of
from messaging.instruments.metrics import OPERATOR_SIGN_INS

logger = structlog.get_logger(__name__)


class SignInForm(AdminAuthenticationForm):
    retry_after = 0
    """Seconds until the next attempt is accepted; 0 if this one was."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not username or not password:
            return super().clean()
        assert self.request is not None  # the site gives it to the form
        attempts = state_of(self.request).sign_ins
        address = network_of(self.request.META.get("REMOTE_ADDR", ""))
        account = sign_ins.account_of(address, username)
        try:
            on_loop(attempts.take)(account, address)
        except sign_ins.Refused as refused:
            raise self._limited(address, refused) from None
        sign_ins.note_judged(getattr(self.request, "scope", {}))
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            OPERATOR_SIGN_INS.labels("refused").inc()
            logger.warning("operator.sign_in_refused", address=address)
            raise
        OPERATOR_SIGN_INS.labels("accepted").inc()
        on_loop(attempts.forget)(account, address)
        return cleaned

    def _limited(self, address: str, refused: sign_ins.Refused) -> forms.ValidationError:
        OPERATOR_SIGN_INS.labels("limited").inc()
        logger.warning("operator.sign_in_limited", address=address)
        self.retry_after = refused.retry_after
        return forms.ValidationError(
            f"{refused.reason} Retry in {self.retry_after} seconds.", code="rate_limited"
        )
