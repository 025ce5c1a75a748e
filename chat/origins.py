"""Decides which pages may open a socket. Browsers do not check this, so the server must."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_LOCAL = [".localhost", "127.0.0.1", "[::1]"]
"""Django's own default for ALLOWED_HOSTS under DEBUG."""


def origin_allowed(headers: Mapping[str, str], *, scheme: str = "ws") -> bool:
    """Return whether a socket with these headers may be opened.

    Allowed are clients without an `Origin`, which are not browsers; the origins in
    `ALLOWED_ORIGINS`; and pages of this host, if it is in `ALLOWED_HOSTS`. With development tokens,
    pages of this machine are allowed too, because a frontend's development server has another
    origin.

    `scheme` is the scheme of the socket, `ws` or `wss`. Anyone on the network path can change a
    page that was loaded without TLS. Its origin is therefore not accepted for a host that is served
    over TLS.
    """
    origin = headers.get("origin")
    if origin is None or origin in settings.ALLOWED_ORIGINS:
        return True
    if settings.DEBUG and settings.CHAT_AUTH == "dev" and is_loopback_origin(origin):
        return True
    host = headers.get("host", "")
    domain, _ = split_domain_port(host)
    allowed_hosts = settings.ALLOWED_HOSTS or (_LOCAL if settings.DEBUG else [])
    # daphne does not pass the scheme. A forged header can only cause a refusal.
    secure = scheme == "wss" or headers.get("x-forwarded-proto", "").lower() == "https"
    if secure and not origin.startswith("https:"):
        return False
    return _host_of(origin) == host and validate_host(domain, allowed_hosts)


def socket_origin_allowed(scope: Mapping[str, Any]) -> bool:
    """Return whether the socket of this handshake may be opened, see `origin_allowed`."""
    for name, _ in scope["headers"]:
        if name.lower() == b"origin":
            break
    else:
        return True  # most other clients: their headers need not be decoded
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    return origin_allowed(headers, scheme=scope.get("scheme", "ws"))


def is_loopback_origin(origin: str) -> bool:
    """Return whether the origin is this machine, with any port."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return validate_host(f"[{host}]" if ":" in host else host, _LOCAL)


def _host_of(origin: str) -> str | None:
    """Return the host of an origin; None for `null` and for anything that is not an origin."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
