"""Delays before the next attempt. A random part spreads the clients of a server that comes back."""

import random

from chat_client.errors import ChatError

_LONGEST = 30.0
_MAX_DOUBLINGS = 16


def reconnect_delay(attempt: int) -> float:
    """Return a random time of up to 1, 2, 4 … 30 seconds. `attempt` counts from 0."""
    return random.random() * min(_LONGEST, 2.0 ** min(attempt, _MAX_DOUBLINGS))


def retry_delay(error: ChatError, attempt: int) -> float:
    """Return the server's `retry_after` (without one, 1 second) and a random part, in seconds."""
    least = 1.0 if error.retry_after is None else error.retry_after
    return least + random.random() * min(_LONGEST, 0.25 * 2.0 ** min(attempt, _MAX_DOUBLINGS))
