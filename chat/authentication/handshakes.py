"""The token in the handshake of a socket."""

from collections.abc import Mapping
from typing import Any

from chat.authentication import bearer_token

_BEARER = "bearer."


def handshake_token(scope: Mapping[str, Any]) -> str:
    """Return the token of a browser, which cannot set headers, or of another client. Raises
    NotAuthenticated."""
    for subprotocol in scope.get("subprotocols", []):
        if subprotocol.startswith(_BEARER):
            return str(subprotocol.removeprefix(_BEARER))
    authorization = None
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            authorization = value.decode("latin-1")
    return bearer_token(authorization)


def forget_headers(scope: Mapping[str, Any]) -> None:
    """Drop the headers, which a server keeps as long as the socket. Nothing needs them, or the
    token among them, any more."""
    for kept in (scope["headers"], scope.get("subprotocols")):
        if isinstance(kept, list):
            kept.clear()
