"""Debian's ClamAV daemon, with a signature of our own: the real ones cannot be fetched here."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.development.ports import free_port
from config.development.processes import Process

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that scanners take for a virus (https://www.eicar.org/download-anti-malware-
testfile/), in two parts, so that no scanner takes this one for it."""
NAME = "Of.This.Test"


class ClamdMissing(Exception):
    """There is no clamd on this machine."""


@contextmanager
def clamd_server(folder: Path) -> Iterator[tuple[str, str]]:
    """Run one. The values are its addresses: TCP, and its socket file."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise ClamdMissing("there is no clamd, so no real scanner has scanned a file.")
    port = free_port()
    signatures = folder / "signatures"
    signatures.mkdir()
    (signatures / "test.ndb").write_text(f"{NAME}:0:*:{EICAR.hex()}\n")
    socket_file = folder / "clamd.socket"
    configuration = folder / "clamd.conf"
    configuration.write_text(
        f"DatabaseDirectory {signatures}\n"
        f"LocalSocket {socket_file}\n"
        f"TCPSocket {port}\n"
        "TCPAddr 127.0.0.1\n"
        "Foreground yes\n"
        "StreamMaxLength 30M\n"
        "SelfCheck 0\n"
    )
    command = [program, "--config-file", str(configuration)]
    with Process(command, ready=lambda: _listens(port), deadline=60, directory=folder):
        yield f"tcp://127.0.0.1:{port}", f"unix://{socket_file}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
