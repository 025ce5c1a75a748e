"""Requests to addresses that operators name: webhooks and the moderation hook."""

from messaging.optional_libraries import hidden

# The command line client of httpx.
with hidden("click", "pygments", "rich"):
    import httpx  # noqa: F401
