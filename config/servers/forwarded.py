"""The client's address behind a proxy: the one that the nearest proxy has seen.

A proxy that appends to `X-Forwarded-For` leaves in front what the client sent. A server that
believes every peer takes the first address of the header, and so lets a client choose its own.
"""

import ipaddress
from collections.abc import Iterable, MutableMapping
from typing import Any

_HEADER = b"x-forwarded-for"


def nearest_address(values: Iterable[bytes]) -> str:
    """Return the last address of the lines of `X-Forwarded-For`, without a port; empty where there
    is none."""
    last = b",".join(values).decode("latin-1").rpartition(",")[2].strip()
    host = last.partition("]")[0].removeprefix("[") if last.startswith("[") else last
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return last


def with_nearest_client(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return a scope whose client is the nearest address, where the header is there."""
    values = [value for name, value in scope["headers"] if name == _HEADER]
    address = nearest_address(values)
    return {**scope, "client": (address, 0)} if address else scope
