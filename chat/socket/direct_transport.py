"""The direct way between a socket and the transport of its server, past ASGI.

A server of ours offers it in the scope of the socket. On another server, there is none.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

DIRECT_TRANSPORT = "chat.direct_transport"
"""The ASGI extension of a socket's scope with its `DirectTransport`."""


class AtStepEnd(Protocol):
    """Something with work for the end of a step."""

    def at_step_end(self) -> None: ...


class StepEnd(Protocol):
    """The end of the current step of the event loop, for all sockets of the process."""

    @property
    def soon(self) -> Callable[[AtStepEnd], None]:
        """Calls `at_step_end` of this at the end of the step. It changes within a step: look it up
        for each call."""


class DirectTransport(Protocol):
    """Writes to the transport of one socket, and reads from it, past ASGI."""

    @property
    def step_end(self) -> StepEnd: ...

    @property
    def write_now(self) -> Callable[[bytes], object] | None:
        """Writes encoded frames, while the socket is open and its client keeps up. None: call
        `write`, which decides. It changes: look it up for each call."""

    def encode(self, texts: Sequence[str]) -> bytes:
        """Return these text frames as the server writes them. All writers of a process encode
        alike."""

    def write(self, data: bytes) -> bool:
        """Write encoded frames, or drop them if the socket has been closed. Return False, having
        done neither, if the client is behind: then the frames must go through ASGI's `send`."""

    def read(self, take: Callable[[str], bool] | None) -> None:
        """Pass text messages to `take`; with None, to nobody. A message for which it returns False
        comes through ASGI's `receive`, and so do all others until that has returned it."""
