"""Free ports of this machine."""

import socket
import sys
from collections import deque

_MOST_RESERVED = 128
_reserved: deque[socket.socket] = deque()
"""Sockets that are bound to the ports of `free_port`, and never listen."""


def free_port() -> int:
    """Return a TCP port of the loopback address that is free.

    On Linux the port is reserved: until this process ends, or has asked for many more ports, the
    kernel gives it to no connection, and to nobody who asks for any free port. Only a server that
    names the port, and sets SO_REUSEADDR as servers do, can listen on it.
    """
    probe = socket.socket()
    reserves = sys.platform == "linux"
    if reserves:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    _reserved.append(probe)
    while len(_reserved) > (_MOST_RESERVED if reserves else 0):
        _reserved.popleft().close()
    return port
