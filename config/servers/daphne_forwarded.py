"""The client's address and scheme behind proxies, on daphne."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from twisted.web.http_headers import Headers

from config.servers.forwarded import forwarded_address, forwarded_scheme


def parse_forwarded(  # noqa: PLR0917 - as daphne calls its own
    headers: Any,
    address_header: str | None,
    port_header: str | None,
    scheme_header: str | None,
    client: Any = None,
    scheme: str | None = None,
) -> tuple[Any, str | None]:
    """Return the client's address, with the port 0, and its scheme. This replaces daphne's
    function, which uses the first address (a client can choose it), fails for bytes that are not
    UTF-8, and accepts any scheme."""
    if not address_header or not scheme_header:
        return client, scheme
    address = forwarded_address(_lines(headers, address_header), settings.TRUSTED_PROXIES or 1)
    named = forwarded_scheme(_lines(headers, scheme_header))
    return client if address is None else [address, 0], named or scheme


def _lines(headers: Any, name: str) -> Sequence[bytes]:
    """Return the values of a header, from a request or a socket's handshake."""
    if isinstance(headers, Headers):
        return headers.getRawHeaders(name.encode(), [])
    value = headers.get(name.lower().encode())
    return [] if value is None else [value]
