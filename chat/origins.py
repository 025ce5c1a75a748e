"""Which pages may open a socket: browsers do not ask, so the server has to look."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_LOCAL = [".localhost", "127.0.0.1", "[::1]"]
"""Django's own fallback for ALLOWED_HOSTS under DEBUG."""


def origin_allowed(headers: Mapping[str, str], *, scheme: str = "ws") -> bool:
    """Whether a socket with these headers may be opened.

    A client without an `Origin` is no browser and is allowed; `ALLOWED_ORIGINS` are; and so is a
    page of this very host, where the host is one of `ALLOWED_HOSTS`. With development tokens any
    page of this machine is: a front end's own development server is another origin.

    `scheme` is the socket's, `ws` or `wss`. A page that came without TLS may come from anyone on
    the way, so its origin is not the one of a host that is served over TLS.
    """
    origin = headers.get("origin")
    if origin is None or origin in settings.ALLOWED_ORIGINS:
        return True
    if settings.DEBUG and settings.CHAT_AUTH == "dev" and is_loopback_origin(origin):
        return True
    host = headers.get("host", "")
    domain, _ = split_domain_port(host)
    allowed_hosts = settings.ALLOWED_HOSTS or (_LOCAL if settings.DEBUG else [])
    # daphne does not say the scheme. A forged header can only have a socket refused.
    secure = scheme == "wss" or headers.get("x-forwarded-proto", "").lower() == "https"
    if secure and not origin.startswith("https:"):
        return False
    return _host_of(origin) == host and validate_host(domain, allowed_hosts)


def is_loopback_origin(origin: str) -> bool:
    """Whether a page was loaded from this machine, from any port."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return validate_host(f"[{host}]" if ":" in host else host, _LOCAL)


def _host_of(origin: str) -> str | None:
    """None for `null` and for what is no origin at all."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
