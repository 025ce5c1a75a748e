"""`python -m chat.serving.member`: one instance of a group behind one port.

The parent passes the listening socket of the group and one end of a control channel. This process
writes a byte to the channel once it accepts connections. When the parent sends a byte, this process
drains and exits. When the parent closes its end, or has died, this process also leaves the port to
the others at once. On a port of its own it is reachable until its end.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys

from chat.serving.control import DRAIN, READY
from chat.serving.options import APPLICATION, UVICORN
from chat.serving.quiet_server import QuietServer
from messaging.optional_libraries import hidden

with hidden("watchfiles"):  # it reloads changed code
    import uvicorn


class MemberServer(QuietServer):
    """A server that tells its parent when it is ready, and ends at the parent's sign."""

    def __init__(self, config: uvicorn.Config, control: socket.socket) -> None:
        super().__init__(config)
        self._control = control

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._control, self._obey)
        with contextlib.suppress(BrokenPipeError):  # `_obey` runs next
            self._control.send(READY)

    def _obey(self) -> None:
        if self._control.recv(1) != DRAIN:
            asyncio.get_running_loop().remove_reader(self._control)
            self.servers[0].close()  # the port of the group
        # After the first signal the handler is gone, and a second one would end the process.
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--listening", type=int, required=True, help="a file descriptor")
    parser.add_argument("--control", type=int, required=True, help="a file descriptor")
    parser.add_argument("--own-host", default="")
    parser.add_argument("--own-port", type=int)
    options = parser.parse_args()

    sockets = [socket.socket(fileno=options.listening)]
    if options.own_port is not None:
        try:
            sockets.append(socket.create_server((options.own_host, options.own_port)))
        except OSError as error:
            sys.stderr.write(f"Port {options.own_port} of {options.own_host}: {error.strerror}.\n")
            return 1
    control = socket.socket(fileno=options.control)
    control.setblocking(False)
    server = MemberServer(uvicorn.Config(APPLICATION, **UVICORN), control)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises SIGINT again at its end
        server.run(sockets)
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
