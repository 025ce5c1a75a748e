"""Refusals below the application that a page in a browser can read."""

from collections.abc import Iterable

from chat.cross_origin import cross_origin_headers


def readable(answer: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return this refusal with the CORS headers for a request with these headers, as far as they
    have arrived. Without them a page of an allowed origin would see a network error."""
    lines = cross_origin_headers("/api/", headers)
    status, _, rest = answer.partition(b"\r\n")
    added = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return status + b"\r\n" + added.encode("latin-1") + rest
