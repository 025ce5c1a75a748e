"""nginx with TLS, configured as docs/production.md tells operators to."""

import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.development.processes import Process, free_port

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "production.md"


class NginxMissing(Exception):
    """nginx or openssl is not installed. Install the Debian packages of these names."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Proxy:
    port: int
    trust: ssl.SSLContext
    """Trusts its certificate."""


@contextmanager
def nginx(*upstreams: int) -> Iterator[Proxy]:
    """Run nginx in front of instances on these ports. Raises NginxMissing, NotReady."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        raise NginxMissing
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chat-nginx-") as directory:
        folder = Path(directory)
        certificate, key = _certificate(folder)
        file = folder / "nginx.conf"
        file.write_text(_configuration(folder, port, certificate, key, upstreams))
        command: list[str | Path] = [program, "-p", folder, "-c", file, "-e", folder / "error.log"]
        with Process(command, ready=lambda: _listens(port)):
            yield Proxy(port, ssl.create_default_context(cafile=str(certificate)))


def _configuration(
    folder: Path, port: int, certificate: Path, key: Path, upstreams: tuple[int, ...]
) -> str:
    found = re.search(r"```nginx\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    assert found is not None
    servers = " ".join(f"server 127.0.0.1:{upstream};" for upstream in upstreams)
    site = found[1]
    for pattern, value in (
        (r"(upstream chat \{) .*? (keepalive)", rf"\1 {servers} \2"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (r"/etc/ssl/chat\.crt", str(certificate)),
        (r"/etc/ssl/chat\.key", str(key)),
    ):
        site, replaced = re.subn(pattern, value, site)
        assert replaced == 1, pattern
    temporary = " ".join(
        f"{kind}_temp_path {folder / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder / 'pid'};\nevents {{}}\n"
        f"http {{ access_log off; {temporary}\n{site}}}\n"
    )


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate for 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / "chat.crt", folder / "chat.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=chat.example"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
