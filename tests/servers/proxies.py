"""nginx, HAProxy and Caddy with TLS, with the configurations of `deploy/`."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.development.ports import free_port
from config.development.processes import Process

_DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UPSTREAM = "Chat-Upstream"
"""The header in which nginx names the address of the instance that got the request."""


class ProxyMissing(Exception):
    """Install the Debian packages nginx, haproxy, caddy and openssl: one of them is missing."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Proxy:
    port: int
    trust: ssl.SSLContext
    """Trusts its certificate."""
    leave_out: Callable[[Collection[int]], None] | None = None
    """Send nothing new to the instances on these ports, and use all others again, as
    docs/upgrade.md says. None: the proxy finds out by itself."""


@contextmanager
def nginx(*upstreams: int) -> Iterator[Proxy]:
    """Run nginx in front of instances on these ports. Raises ProxyMissing, NotReady."""
    with _folder("nginx") as (program, folder):
        port, log = free_port(), folder / "error.log"
        certificate, key = _certificate(folder)
        shutil.copytree(_DEPLOY / "nginx" / "snippets", folder / "snippets")
        site = _changed(
            (_DEPLOY / "nginx" / "chat.conf").read_text(),
            {
                r"listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
                r"/etc/ssl/chat\.crt": str(certificate),
                r"/etc/ssl/chat\.key": str(key),
            },
        )
        server = r"( *server 127\.0\.0\.1):\d+( .*;\n)"
        site = _with_upstreams(site, server, upstreams)
        temporary = " ".join(
            f"{kind}_temp_path {folder / kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root; " if os.geteuid() == 0 else ""
        file = folder / "nginx.conf"
        command: list[str | Path] = [program, "-p", folder, "-c", file, "-e", log]

        def write(site: str) -> None:
            file.write_text(
                f"daemon off; {user}worker_processes 1; pid {folder / 'pid'};\n"
                f"events {{ worker_connections 4096; }}\n"
                f"http {{ access_log off; {temporary}\n"
                f"add_header {UPSTREAM} $upstream_addr always;\n{site}}}\n"
            )

        def leave_out(ports: Collection[int]) -> None:
            changed = site
            for one in ports:
                changed = _changed(changed, {rf"(server 127\.0\.0\.1:{one}) ": r"\1 down "})
            write(changed)
            subprocess.run([*command, "-s", "reload"], check=True, capture_output=True)

        write(site)
        with Process(command, ready=lambda: _listens(port)):
            trust = ssl.create_default_context(cafile=str(certificate))
            yield Proxy(port, trust, leave_out)


@contextmanager
def haproxy(*upstreams: int) -> Iterator[Proxy]:
    """Run HAProxy in front of instances on these ports. Raises ProxyMissing, NotReady."""
    with _folder("haproxy") as (program, folder):
        port = free_port()
        certificate, key = _certificate(folder)
        both = folder / "chat.pem"
        both.write_text(certificate.read_text() + key.read_text())
        text = _changed(
            (_DEPLOY / "haproxy" / "haproxy.cfg").read_text(),
            {
                r"log /dev/log local0": "log stdout format raw local0",
                r"maxconn 40000": "maxconn 2000",
                r"bind :443": f"bind 127.0.0.1:{port}",
                r"/etc/haproxy/chat\.pem": str(both),
            },
        )
        text = _with_upstreams(text, r"( *server) instance-\d+ 127\.0\.0\.1:\d+( .*\n)", upstreams)
        file = folder / "haproxy.cfg"
        file.write_text(text)
        with Process([program, "-db", "-f", file], ready=lambda: _listens(port)):
            yield Proxy(port, ssl.create_default_context(cafile=str(certificate)))


@contextmanager
def caddy(*upstreams: int) -> Iterator[Proxy]:
    """Run Caddy in front of instances on these ports. Raises ProxyMissing, NotReady."""
    with _folder("caddy") as (program, folder):
        port = free_port()
        certificate, key = _certificate(folder)
        text = _changed(
            (_DEPLOY / "caddy" / "Caddyfile").read_text(),
            {
                r"chat\.example \{": f"https://127.0.0.1:{port} {{\n\ttls {certificate} {key}",
                r"(?:127\.0\.0\.1:800\d ?){3}": " ".join(f"127.0.0.1:{one}" for one in upstreams)
                + " ",
            },
        )
        file = folder / "Caddyfile"
        # The port is free for TCP, and for this address alone: no HTTP/3, which takes UDP.
        options = (
            "admin off\nauto_https disable_redirects\ndefault_bind 127.0.0.1\n"
            "servers {\nprotocols h1 h2\n}\n"
        )
        file.write_text(f"{{\n{options}}}\n{text}")
        command: list[str | Path] = [program, "run", "--config", file, "--adapter", "caddyfile"]
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with Process(command, ready=lambda: _listens(port), environment=home):
            yield Proxy(port, ssl.create_default_context(cafile=str(certificate)))


PROXIES: Mapping[str, Callable[..., AbstractContextManager[Proxy]]] = {
    "nginx": nginx,
    "haproxy": haproxy,
    "caddy": caddy,
}


@contextmanager
def _folder(name: str) -> Iterator[tuple[str, Path]]:
    """The program of this name, and a folder for its files."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        raise ProxyMissing
    with tempfile.TemporaryDirectory(prefix=f"chat-{name}-") as directory:
        yield program, Path(directory)


def _changed(text: str, values: Mapping[str, str]) -> str:
    for pattern, value in values.items():
        text, replaced = re.subn(pattern, value, text)
        assert replaced == 1, pattern
    return text


def _with_upstreams(text: str, server: str, ports: Sequence[int]) -> str:
    """Replace the lines of the three servers by one for each of these ports."""
    lines = list(re.finditer(server, text))
    assert len(lines) == 3, server
    begin, end = lines[0][1], lines[0][2]
    named = "instance-" in lines[0][0]
    servers = "".join(
        f"{begin} instance-{number} 127.0.0.1:{port}{end}" if named else f"{begin}:{port}{end}"
        for number, port in enumerate(ports, start=1)
    )
    return text[: lines[0].start()] + servers + text[lines[-1].end() :]


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
