"""The pauses between attempts."""

import random

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 300.0


def seconds_after(attempts: int, *, longest: float = _LONGEST_SECONDS) -> float:
    """Return the seconds until the next attempt, after so many failures and one more. `longest` is
    the most that they grow to, at most 65,536."""
    seconds: float = min(_FIRST_SECONDS * 2 ** min(attempts, 16), longest)
    return seconds * random.uniform(0.5, 1.0)
