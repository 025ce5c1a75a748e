"""One process of a group, as its parent sees it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Self

from chat.serving.control import DRAIN, READY

_MEMBER = "chat.serving.member"


class Child:
    """A running process: it becomes ready, and it ends."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._ended = asyncio.ensure_future(process.wait())

    @classmethod
    async def start(
        cls, listening: socket.socket, *options: str, environment: Mapping[str, str]
    ) -> Self:
        """Start a process that accepts connections of this socket. Raises OSError."""
        control, theirs = socket.socketpair()
        control.setblocking(False)
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *_command(listening.fileno(), theirs.fileno(), options),
                    env={**os.environ, **environment},
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(listening.fileno(), theirs.fileno()),
                    start_new_session=True,  # Ctrl-C is for the parent alone
                )
        except OSError:
            control.close()
            raise
        return cls(process, control)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> str:
        """Return how the process ended, in words."""
        code = self._process.returncode
        assert code is not None
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"

    async def ready(self) -> bool:
        """Wait until it accepts connections. Return False if it ended before."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._control, 1) == READY
        except ConnectionResetError:
            return False

    async def ended(self) -> None:
        """Wait for its end."""
        await asyncio.shield(self._ended)
        self._control.close()

    def drain(self) -> None:
        """Make it drain and exit. Meanwhile it is still reachable on the shared port."""
        with contextlib.suppress(OSError):  # it has ended
            self._control.send(DRAIN)

    def leave(self) -> None:
        """Make it leave the shared port, drain and exit. Idempotent."""
        with contextlib.suppress(OSError):  # it has ended
            self._control.shutdown(socket.SHUT_WR)

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def _command(listening: int, control: int, options: Sequence[str]) -> Sequence[str]:
    return [
        *(sys.executable, "-m", _MEMBER),
        *("--listening", str(listening), "--control", str(control)),
        *options,
    ]
