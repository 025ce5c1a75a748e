"""Child processes: ready when the context is entered, and ended when it is left."""

import contextlib
import errno
import ipaddress
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol, Self

_POLL_SECONDS = 0.05
_GRACE_SECONDS = 5.0
_HOST = "Set it to one of its addresses, for example 127.0.0.1, or 0.0.0.0 for all."

# The child replaces this shell, and so leads the group. A subshell stays behind in the group and
# reads from a pipe that only our own process holds open. When we end, even by SIGKILL, the subshell
# kills the whole group.
_LEASH = 'exec 3<&0; (read -r _ <&3; kill -s KILL -- -$$) & exec "$@" 3<&- </dev/null'


class Child(Protocol):
    """A process that was started, as `subprocess.Popen` shows it. If `stdin` is not None, closing
    it kills the remaining processes of its group."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...


class Spawn(Protocol):
    """Start a command as the leader of a process group that ends with our own process."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes] | None,
        environment: Mapping[str, str],
        directory: Path | None,
    ) -> Child: ...


def leashed(
    command: Sequence[str],
    *,
    output: IO[bytes] | None,
    environment: Mapping[str, str],
    directory: Path | None,
) -> "subprocess.Popen[bytes]":
    """Start a command by way of a shell. Without `output`, it writes where we write."""
    return subprocess.Popen(
        ["sh", "-c", _LEASH, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        env=environment,
        cwd=directory,
        start_new_session=True,
    )


class NotReady(Exception):
    """The process ended, or did not answer in time. The message contains its latest output."""


def require_free(*ports: int, host: str = "127.0.0.1", advice: str = "") -> None:
    """Require that we can listen on these ports of the host. Raises NotReady.

    If another program listened there, its answers would be taken for those of the child.
    """
    for port in ports:
        for family, _, _, _, place in _places(host, port):
            with socket.socket(family) as probe:
                # Servers do the same; otherwise recently closed connections would count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(place)
                except OSError as error:
                    raise NotReady(_refusal(error, host, port, advice)) from error


def is_loopback(host: str) -> bool:
    """Return whether the host is reachable only from this machine. Raises NotReady."""
    return all(ipaddress.ip_address(place[0]).is_loopback for *_, place in _places(host, 0))


def _places(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Return the addresses of this host, as from `socket.getaddrinfo`. Raises NotReady."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise NotReady(
            f"HOST is {host!r}, which is neither an address nor a known name. {_HOST}"
        ) from error


def _refusal(error: OSError, host: str, port: int, advice: str) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host!r}, which is not an address of this machine. {_HOST}"
    why = "taken" if error.errno == errno.EADDRINUSE else f"not usable: {error.strerror}"
    return f"Port {port} is {why}. {advice}".strip()


class Process:
    """A child in a process group of its own.

    Entering the context starts it and returns once `ready` is true, or raises NotReady. Leaving
    it ends the whole group: by SIGTERM, and by SIGKILL what has not ended after five seconds.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        ready: Callable[[], bool],
        deadline: float = 20.0,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        show_output: bool = False,
        spawn: Spawn = leashed,
    ) -> None:
        """Create a process. `environment` is added to our own; `deadline` is in seconds."""
        self._command = [str(part) for part in command]
        self._ready = ready
        self._deadline = deadline
        self._environment = {**os.environ, **(environment or {})}
        self._directory = directory
        self._show_output = show_output
        self._spawn = spawn
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as exit_:
            self._output = exit_.enter_context(tempfile.TemporaryFile())
            self._child = self._spawn(
                self._command,
                output=None if self._show_output else self._output,
                environment=self._environment,
                directory=self._directory,
            )
            exit_.callback(self._stop)
            self._wait_until_ready()
            self._exit = exit_.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._exit.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the child itself: SIGSTOP and SIGCONT make it hang and go on."""
        self._child.send_signal(number)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def command(self) -> str:
        """Return the command for a shell."""
        return shlex.join(self._command)

    @property
    def ended(self) -> bool:
        """Return whether the child has ended by itself, or by a signal."""
        return self._child.poll() is not None

    def wait(self, seconds: float) -> int:
        """Return its exit status, once it has ended by itself. Raises subprocess.TimeoutExpired."""
        return self._child.wait(seconds)

    def output(self) -> str:
        """Return its output up to now; empty if the output is shown instead."""
        # The child writes where this file stands: reading must not move it.
        descriptor = self._output.fileno()
        written = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        return written.decode(errors="replace")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + self._deadline
        while not self._ready():
            if (status := self._child.poll()) is not None:
                raise NotReady(f"{self._command[0]} ended with {status}.{self._latest_output()}")
            if time.monotonic() > end:
                raise NotReady(
                    f"{self._command[0]} is not ready after {self._deadline:g} s."
                    f"{self._latest_output()}"
                )
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)  # one that is stopped would not notice SIGTERM
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE_SECONDS)
        finally:
            self._signal_group(signal.SIGKILL)
            self._child.wait()
            if self._child.stdin is not None:
                self._child.stdin.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)

    def _latest_output(self) -> str:
        return "\n" + self.output()[-2000:]
