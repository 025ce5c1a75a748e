"""Where a request goes, as its URL says."""

from dataclasses import dataclass

import httpx

from messaging.outbound.failures import Failure, OutboundFailed

Origin = tuple[str, str, int]
"""Scheme, host and port."""
_PORTS = {"http": 80, "https": 443}


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
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundFailed(Failure.ADDRESS_REFUSED) from error
    if parsed.scheme not in _PORTS or not parsed.raw_host:
        raise OutboundFailed(Failure.ADDRESS_REFUSED)
    return Target(
        scheme=parsed.scheme,
        host=parsed.raw_host.decode("ascii"),
        port=parsed.port or _PORTS[parsed.scheme],
        netloc=parsed.netloc.decode("ascii"),
        path=parsed.raw_path.decode("ascii"),
    )
