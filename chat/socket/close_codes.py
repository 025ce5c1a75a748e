"""Close codes of the socket: below 4500 the client reconnects, from 4500 on it does not."""

from enum import IntEnum
from typing import Any

from messaging.delivery.hub.connections import Ending


class CloseCode(IntEnum):
    LOST = 1006  # RFC 6455: never sent; it means that the connection broke
    INTERNAL_ERROR = 1011  # from its registry; servers and proxies send these two as well
    TRY_AGAIN_LATER = 1013
    TOO_SLOW = 4001
    DRAINING = 4002
    SILENT = 4003
    RESTORED = 4004
    NOT_AUTHENTICATED = 4501
    TOKEN_EXPIRED = 4502
    BANNED_OR_LOGGED_OUT = 4503
    ORIGIN_REFUSED = 4504
    PROTOCOL_VIOLATED = 4505
    TOO_MANY_SOCKETS = 4506


REASONS: dict[CloseCode, str] = {
    CloseCode.INTERNAL_ERROR: "An internal error occurred.",
    CloseCode.TRY_AGAIN_LATER: "The service is overloaded. Reconnect later.",
    CloseCode.TOO_SLOW: "The client reads too slowly. Reconnect and sync.",
    CloseCode.DRAINING: "The instance is shutting down. Reconnect.",
    CloseCode.SILENT: "The client sent nothing for too long. Reconnect.",
    CloseCode.RESTORED: "A backup was restored. Reconnect and load everything again.",
    CloseCode.NOT_AUTHENTICATED: "The token is missing or not valid. Sign in again.",
    CloseCode.TOKEN_EXPIRED: "The token has expired. Reconnect with a fresh one.",
    CloseCode.BANNED_OR_LOGGED_OUT: "This person is banned or was logged out.",
    CloseCode.ORIGIN_REFUSED: "This origin is not allowed. Add it to ALLOWED_ORIGINS.",
    CloseCode.PROTOCOL_VIOLATED: "Too many invalid or refused frames.",
    CloseCode.TOO_MANY_SOCKETS: "This person has too many sockets. The oldest is closed.",
}
"""The reason in the close frame, for people: at most 123 bytes (RFC 6455 5.5). Clients use the
code."""


CODE_OF_ENDING = {
    Ending.DRAINING: CloseCode.DRAINING,
    Ending.ACCESS_REVOKED: CloseCode.BANNED_OR_LOGGED_OUT,
    Ending.RESTORED: CloseCode.RESTORED,
    Ending.TOO_MANY: CloseCode.TOO_MANY_SOCKETS,
}


def close_message(code: CloseCode) -> dict[str, Any]:
    """Return the ASGI message that closes a socket."""
    return {"type": "websocket.close", "code": int(code), "reason": REASONS[code]}
