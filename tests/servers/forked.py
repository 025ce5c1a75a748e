"""Python commands in processes of their own that need not import the libraries.

A new interpreter spends two thirds of a command such as `check`, and of the start of an instance,
on importing libraries. One process for each test process imports them once, and forks for each
command (see `forking`). The command leads a process group, and ends with our own process.

An instance, and a `manage.py` of this checkout, also have modules of ours that read no setting. The
other modules of ours run in the environment that the command is given; only their code was read
before. A command `-c` has none of ours: such a test may be about what an import does.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from io import FileIO
from pathlib import Path
from typing import IO, Any

from config.development.instances import instance
from config.development.processes import Child, leashed

_CHECKOUT = Path(__file__).resolve().parents[2]
_SCRIPT = Path(__file__).with_name("forking.py")
_IMPORT_SECONDS = 60.0
"""The first command waits until the libraries are imported."""
_OURS = (
    *("chat.files.sending", "chat.limits.probes", "chat.limits.sign_ins", "chat.limits.strangers"),
    *("chat.payloads.command_serializers", "chat.rest.attachment_shapes"),
    *("chat.rest.audited_requests", "chat.rest.routes", "chat.socket.outbox"),
    *("config.servers.uvicorn", "messaging.attachments.attachments", "messaging.changes.emoji"),
    *("messaging.changes.erasing", "messaging.changes.messages.editing"),
    *("messaging.changes.messages.pinning", "messaging.changes.messages.service_messages"),
    *("messaging.delivery.pace", "messaging.delivery.publisher"),
    *("messaging.domain.personal_data.retention", "messaging.exchange.lines"),
    *("messaging.followers.inbox", "messaging.instruments.outbound_metrics"),
    *("messaging.notifications.queue.dead_letters", "messaging.notifications.receivers"),
    *("messaging.outbound.signing", "messaging.outbound.urls", "messaging.personal_data.evidence"),
    *("messaging.positions.delivered", "messaging.presence.watchers"),
    *("messaging.runtime.configured_link", "messaging.runtime.figures"),
    *("messaging.runtime.lifecycle", "messaging.runtime.restored_store"),
    *("messaging.runtime.store_turns", "messaging.search.snippets"),
    *("messaging.search.sql.dialect", "messaging.services.rules.creation_quotas"),
    *("messaging.stores.shared.recent_changes", "messaging.stores.shared.witness"),
    *("messaging.stores.switching.move", "messaging.stores.switching.switchable"),
    "messaging.webhooks.hints",
)
"""Modules of ours that read no setting. They import all others of which this is true, and which
take long."""
_PACKAGES = ("chat", "config", "messaging")


def run_python(
    *arguments: str,
    environment: Mapping[str, str],
    directory: Path = _CHECKOUT,
    timeout: float = 60,
    check: bool = False,
) -> "subprocess.CompletedProcess[str]":
    """Run `python ARGUMENTS` with exactly this environment, and return its output as text. Raises
    subprocess.TimeoutExpired and, with `check`, subprocess.CalledProcessError."""
    request = {
        "arguments": arguments,
        "environment": dict(environment),
        "directory": str(directory),
    }
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        status = _run(request, output.fileno(), errors.fileno(), timeout)
        written = []
        for file in (output, errors):
            file.seek(0)
            written.append(file.read().decode())
    done = subprocess.CompletedProcess([sys.executable, *arguments], status, *written)
    if check:
        try:
            done.check_returncode()
        except subprocess.CalledProcessError as error:
            error.add_note(done.stdout + done.stderr)
            raise
    return done


def _run(request: Mapping[str, object], output: int, errors: int, timeout: float) -> int:
    """Return the exit status. Raises subprocess.TimeoutExpired."""
    command = _forge_of(request).start(request, output, errors)
    with command.stdin:
        try:
            return command.wait(timeout)
        except subprocess.TimeoutExpired:
            command.send_signal(signal.SIGKILL)
            command.wait()
            raise


def spawn(
    command: Sequence[str],
    *,
    output: IO[bytes] | None,
    environment: Mapping[str, str],
    directory: Path | None,
) -> Child:
    """Start a long-running command, for `Process`. Another program than this Python is started as
    usual."""
    python, *arguments = command
    if python != sys.executable or output is None:
        return leashed(command, output=output, environment=environment, directory=directory)
    request = {
        "arguments": arguments,
        "environment": dict(environment),
        "directory": str(directory or Path.cwd()),
    }
    return _forge_of(request).start(request, output.fileno(), output.fileno())


forked_instance = partial(instance, spawn=spawn)
"""`instance`, in a process that need not import the libraries. Use it where the test is not about
how a server starts, nor about what it uses."""


class _Command:
    """A command that runs, or has run. Closing `stdin` kills it and all that it has started."""

    def __init__(self, status: FileIO) -> None:
        """Raises TimeoutError."""
        self.stdin = status
        """Its attendant writes here how it ended, and notices that we have gone."""
        _wait_for(status, _IMPORT_SECONDS)
        self.pid = int(_line(status))
        self._status: int | None = None
        self._reading = threading.Lock()

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        if self._status is None:
            try:
                _wait_for(self.stdin, timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            with self._reading:  # another thread may wait too
                if self._status is None:
                    self._status = int(_line(self.stdin))
        return self._status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class _Forge:
    """A process that has imported the libraries. It ends when this process ends."""

    def __init__(self, begin: Callable[[int], object]) -> None:
        """Create it. `begin` gets the end of a socket, which it gives to a process as its input."""
        # Each request is one packet.
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            begin(other.fileno())
        self._sending = threading.Lock()
        atexit.register(self._socket.close)

    def start(self, request: Mapping[str, object], output: int, errors: int) -> _Command:
        reading, writing = os.pipe()
        try:
            self.send(request, output, errors, writing)
        finally:
            os.close(writing)
        return _Command(FileIO(reading))

    def send(self, request: Mapping[str, object], *files: int) -> None:
        with self._sending:
            socket.send_fds(self._socket, [json.dumps(request).encode()], files)


def _wait_for(file: FileIO, seconds: float | None) -> None:
    """Return when there is something to read; None: wait for ever. Raises TimeoutError."""
    if not select.select([file], [], [], seconds)[0]:
        raise TimeoutError


def _line(file: FileIO) -> bytes:
    """Read a line, which is written at once."""
    line = b""
    while not line.endswith(b"\n"):
        read = file.read(1)
        assert read, "The process that runs the commands has ended."
        line += read
    return line


def _forge_of(request: Mapping[str, Any]) -> _Forge:
    if request["arguments"][0] == "-c" or request["directory"] != str(_CHECKOUT):
        return _forge()
    return _forge_with_ours()


@cache
def _forge() -> _Forge:
    def begin(client: int) -> None:
        # -P: the names of the modules beside the script are those of libraries too.
        command = [sys.executable, "-P", str(_SCRIPT)]
        process = subprocess.Popen(command, stdin=client, cwd=_CHECKOUT)
        atexit.register(process.wait)  # after the socket is closed

    return _Forge(begin)


@cache
def _forge_with_ours() -> _Forge:
    request = {"imports": _OURS, "packages": _PACKAGES, "directory": str(_CHECKOUT)}
    return _Forge(lambda client: _forge().send(request, client))
