"""How long signed URLs work, by the clock of this machine, which also verifies them or is
compared by the vendor with its own."""

from datetime import UTC, datetime, timedelta


def ends_after(seconds: int) -> datetime:
    """Return the end of a signed URL, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def seconds_until(end: datetime) -> int:
    """Return the whole seconds until then; at least 1."""
    return max(round((end - datetime.now(UTC)).total_seconds()), 1)
