"""Signs requests by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets as random
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook

from messaging.domain.integrations.secrets import Secrets

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a random secret in the form of the specification."""
    return _PREFIX + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def sign(secrets: Secrets, *, message_id: str, body: bytes) -> Mapping[str, str]:
    """Return the headers that sign a request now: one signature for each secret that is valid
    now, so that a receiver may know any of them."""
    now = datetime.now(UTC)
    text = body.decode()
    signatures = [Webhook(one).sign(message_id, now, text) for one in secrets.valid_at(now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
