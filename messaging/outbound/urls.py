"""The rules for the URLs that operators enter."""

import httpx

from messaging.outbound.addresses import Network, as_address, is_permitted
from messaging.outbound.failures import OutboundFailed
from messaging.outbound.targets import target_of

MAX_CHARACTERS = 500


def refusal(url: str, listed: tuple[Network, ...]) -> str | None:
    """Return what is wrong with a URL, as a sentence; None if it may be stored. Its name is
    resolved and checked at every connection, not here."""
    if len(url) > MAX_CHARACTERS:
        return f"The URL has more than {MAX_CHARACTERS} characters. Use a shorter one."
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host
    except (httpx.InvalidURL, ValueError):
        return "This is not a URL. Enter an address such as https://app.example/hooks."
    if parsed.scheme not in ("https", "http") or not host:
        return "A URL begins with https:// and a host. http:// is only for networks of your own."
    if parsed.userinfo:
        return "The URL contains a user name or a password. Remove them: requests are signed."
    if parsed.fragment:
        return "The URL contains a fragment (#), which is never sent. Remove it."
    try:
        target = target_of(url)
    except OutboundFailed:
        return "The host or the port is not valid. A port is a number from 1 to 65535."
    address = as_address(target.host)
    if address is not None and not is_permitted(
        address, listed, only_listed=target.scheme == "http"
    ):
        return (
            "This address is not public. CHAT_OUTBOUND_ALLOWED_NETWORKS lists the networks of "
            "your own that may be reached; addresses of cloud metadata are never reached."
        )
    return None
