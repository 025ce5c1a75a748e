"""Where a request goes, as its URL says."""

import re
from dataclasses import dataclass

import httpx

from messaging.outbound.addresses import as_address
from messaging.outbound.failures import Failure, OutboundFailed

Origin = tuple[str, str, int]
"""Scheme, host and port."""
_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
_NAME = re.compile(r"(?=.{1,254}\Z)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?", re.ASCII)
"""https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    scheme: str
    host: str
    """The name in ASCII, or the address without brackets."""
    port: int
    netloc: str
    """As `Host` writes it."""
    path: str
    """With the query."""

    @property
    def origin(self) -> Origin:
        return self.scheme, self.host, self.port


def target_of(url: str) -> Target:
    """Return the target of a URL. Raises OutboundFailed."""
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundFailed(Failure.ADDRESS_REFUSED) from error
    if parsed.scheme not in _PORTS:
        raise OutboundFailed(Failure.ADDRESS_REFUSED)
    port = _PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if not (_is_host(host) and 0 < port <= _MAX_PORT):
        raise OutboundFailed(Failure.ADDRESS_REFUSED)
    return Target(
        scheme=parsed.scheme,
        host=host,
        port=port,
        netloc=parsed.netloc.decode("ascii"),
        path=parsed.raw_path.decode("ascii"),
    )


def _is_host(host: str) -> bool:
    """Return whether this is a name, or an address without a zone: a zone means something on one
    machine only."""
    if _NAME.fullmatch(host):
        return True
    return "%" not in host and as_address(host) is not None
