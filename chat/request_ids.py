"""Request ids: one for each request and handshake, in its answer and in its log lines.

A well-formed `X-Request-ID` of a proxy or client is kept. The id is put into the scope once, so
that all parts that answer or log find the same one.
"""

import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

from messaging.instruments.origin import Origin, set_origin

HEADER = "X-Request-ID"
_NAME = b"x-request-id"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}")


def sound_request_id(given: str) -> str:
    """Return the id from a client or proxy, or a new id if it is missing or malformed."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def request_id_of(scope: Mapping[str, Any]) -> str:
    """Return the id from the client or a proxy, or a new one."""
    given = next((value for name, value in scope["headers"] if name == _NAME), b"")
    return sound_request_id(given.decode("latin-1"))


def with_request_id(scope: MutableMapping[str, Any]) -> None:
    """Put the id of the request into its headers in the scope, and make it the origin of what the
    request changes. Several ids count as none: it is unknown which one a proxy has logged."""
    headers = scope["headers"]
    given = [value for name, value in headers if name == _NAME]
    request_id = sound_request_id(given[0].decode("latin-1") if len(given) == 1 else "")
    if not given:
        scope["headers"] = [*headers, (_NAME, request_id.encode())]
    elif given != [request_id.encode()]:
        others = [line for line in headers if line[0] != _NAME]
        scope["headers"] = [*others, (_NAME, request_id.encode())]
    set_origin(Origin(request_id))
