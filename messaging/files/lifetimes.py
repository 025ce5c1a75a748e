"""How long signed URLs work.

Their end is a time of the clock of this machine. This machine verifies it, or the vendor compares
it with a clock of its own.
"""

from datetime import UTC, datetime, timedelta

UPLOAD_SECONDS = 15 * 60
"""How long a signed URL to upload to works."""
DOWNLOAD_SECONDS = 10 * 60
"""How long a signed URL to download from works, without a token."""


def ends_after(seconds: int) -> datetime:
    """Return the end of a signed URL, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def seconds_until(end: datetime) -> int:
    """Return the whole seconds until then; at least 1."""
    return max(round((end - datetime.now(UTC)).total_seconds()), 1)
