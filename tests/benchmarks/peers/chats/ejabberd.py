"""ejabberd with rooms and their archive in PostgreSQL."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from config.development.ports import free_port
from config.development.processes import Process
from tests.benchmarks.peers.chats.dialect import DOMAIN, ROOMS
from tests.benchmarks.peers.cores import cpu_seconds, memory_bytes
from tests.benchmarks.peers.peer import Peer, Services, server_process


@dataclass(slots=True)
class EjabberdServer:
    port: int
    process: Process

    def create(self, conversation: str, people: Sequence[str]) -> str:
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/api/create_room",
            json={"name": conversation, "service": ROOMS, "host": DOMAIN},
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        return conversation

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def memory_bytes(self) -> int:
        return memory_bytes(self.process.pid)


@contextmanager
def ejabberd_server(peer: Peer, folder: Path, services: Services) -> Iterator[EjabberdServer]:
    """Run a server from unpacked Debian packages. Raises NotReady."""
    assert services.postgres_url is not None
    (schema,) = folder.rglob("pg.sql")
    with psycopg.connect(services.postgres_url, autocommit=True) as connection:
        connection.execute(schema.read_bytes())
    port = free_port()
    root = folder / "usr/lib/erlang"
    (binaries,) = root.glob("erts-*/bin")
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    with tempfile.TemporaryDirectory(prefix="chat-ejabberd-") as data:
        configuration = Path(data, "ejabberd.yml")  # JSON is YAML
        configuration.write_text(json.dumps(_settings(port, services.postgres_url)))
        command: list[str | Path] = [binaries / "erlexec", "-boot", root / "bin/start_sasl"]
        command += ["+S", "1:1", "+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir"]
        command += [f'"{data}/spool"', "-s", "ejabberd"]
        environment = {
            "ROOTDIR": str(root),
            "BINDIR": str(binaries),
            "EMU": "beam",
            "PROGNAME": "erl",
            "HOME": data,
            "ERL_LIBS": str(libraries),
            "LD_LIBRARY_PATH": str(libraries),
            "EJABBERD_CONFIG_PATH": str(configuration),
            "EJABBERD_LOG_PATH": f"{data}/ejabberd.log",
        }
        with server_process(command, port, environment=environment) as process:
            yield EjabberdServer(port, process)


def _settings(port: int, postgres_url: str) -> dict[str, object]:
    database = urlsplit(postgres_url)
    return {
        "hosts": [DOMAIN],
        "loglevel": "warning",
        "auth_method": ["anonymous"],
        "anonymous_protocol": "login_anon",
        "listen": [
            {
                "port": port,
                "ip": "127.0.0.1",
                "module": "ejabberd_http",
                "request_handlers": {"/ws": "ejabberd_http_ws", "/api": "mod_http_api"},
            }
        ],
        "api_permissions": {"anyone": {"who": "all", "what": "*"}},
        "default_db": "sql",
        "sql_type": "pgsql",
        "sql_server": database.hostname,
        "sql_port": database.port,
        "sql_database": database.path.lstrip("/"),
        "sql_username": database.username,
        "sql_password": "",
        "modules": {
            "mod_http_api": {},
            "mod_mam": {"default": "always"},
            "mod_muc_admin": {},
            "mod_muc": {
                "host": ROOMS,
                "access_create": "all",
                "max_users": 5_000,
                "history_size": 0,
                # Otherwise a join is announced to everybody, and 1,000 joins to 1,000 people.
                "default_room_options": {
                    "mam": True,
                    "presence_broadcast": [],
                    "max_users": 5_000,
                },
            },
        },
    }
