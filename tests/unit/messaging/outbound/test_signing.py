"""Which secrets sign a request."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from messaging.domain.integrations.secrets import Secrets
from messaging.outbound.signing import new_secret, sign

BODY = b"{}"


def test_a_replaced_secret() -> None:
    """Signs too until its time is over, however long ago the secrets were read."""
    present, previous, now = new_secret(), new_secret(), datetime.now(UTC)

    for seconds, signs in ((60, True), (-1, False)):
        until = now + timedelta(seconds=seconds)
        secrets = Secrets(present=present, previous=previous, previous_until=until)
        headers = dict(sign(secrets, message_id="1", body=BODY))
        Webhook(present).verify(BODY, headers)
        if signs:
            Webhook(previous).verify(BODY, headers)
        else:
            with pytest.raises(WebhookVerificationError):
                Webhook(previous).verify(BODY, headers)
