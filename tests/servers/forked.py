"""Short Python commands in processes of their own that need not import the libraries.

A new interpreter spends two thirds of a command such as `check` on importing libraries. One process
for each test process imports them once, and forks for each command (see `forking`). The command
imports all code of ours anew, in the environment that it is given.
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
import time
from collections.abc import Mapping
from functools import cache
from io import FileIO
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]
_SCRIPT = Path(__file__).with_name("forking.py")
_IMPORT_SECONDS = 60.0
"""The first command waits until the libraries are imported."""


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
        status = _forge().run(request, output.fileno(), errors.fileno(), timeout)
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


class _Forge:
    """The process that has imported the libraries. It ends when this process ends."""

    def __init__(self) -> None:
        # Each request is one packet.
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            # -P: the names of the modules beside the script are those of libraries too.
            command = [sys.executable, "-P", str(_SCRIPT)]
            self._process = subprocess.Popen(command, stdin=other.fileno(), cwd=_CHECKOUT)
        self._sending = threading.Lock()
        atexit.register(self._end)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()

    def run(self, request: Mapping[str, object], output: int, errors: int, timeout: float) -> int:
        """Return the exit status. Raises subprocess.TimeoutExpired."""
        reading, writing = os.pipe()
        with FileIO(reading) as status:
            try:
                with self._sending:
                    packet = json.dumps(request).encode()
                    socket.send_fds(self._socket, [packet], [output, errors, writing])
            finally:
                os.close(writing)
            process = int(_line(status, _IMPORT_SECONDS))
            try:
                return int(_line(status, timeout))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(str(request["arguments"]), timeout) from None


def _line(file: FileIO, seconds: float) -> bytes:
    """Read a line. Raises TimeoutError."""
    end, line = time.monotonic() + seconds, b""
    while not line.endswith(b"\n"):
        if not select.select([file], [], [], max(end - time.monotonic(), 0))[0]:
            raise TimeoutError
        read = file.read(1)
        assert read, "The process that runs the commands has ended."
        line += read
    return line


@cache
def _forge() -> _Forge:
    return _Forge()
