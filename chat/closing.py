"""Close codes of the socket: below 4500 the client comes back, from 4500 on it does not."""

from enum import IntEnum

from messaging.delivery.connection import Ending


class CloseCode(IntEnum):
    LOST = 1006  # RFC 6455: never sent, it stands for a connection that broke
    INTERNAL_ERROR = 1011  # of its registry; servers and proxies send these two as well
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


CODE_OF_ENDING = {
    Ending.DRAINING: CloseCode.DRAINING,
    Ending.SHUT_OUT: CloseCode.BANNED_OR_LOGGED_OUT,
    Ending.RESTORED: CloseCode.RESTORED,
    Ending.TOO_MANY: CloseCode.TOO_MANY_SOCKETS,
}
