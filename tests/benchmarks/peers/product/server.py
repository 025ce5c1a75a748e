"""A running instance of the product, with its own conversations."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from config.development.ports import free_port
from config.development.processes import Process
from tests.benchmarks.peers.cores import cpu_seconds, memory_bytes
from tests.benchmarks.peers.peer import Peer, Services, server_process
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment

_ROOT = Path(__file__).resolve().parents[4]
_SERVE = "tests.benchmarks.peers.product.serve"


@dataclass(slots=True)
class ProductServer:
    port: int
    process: Process

    def create(self, conversation: str, people: Sequence[str]) -> str:
        owner, *others = people
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/api/v1/conversations",
            json={
                "kind": "group",
                "title": conversation,
                "participant_ids": others,
                "client_id": conversation,
            },
            headers={"Authorization": f"Bearer {token_of(owner)}"},
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def memory_bytes(self) -> int:
        return memory_bytes(self.process.pid)


@contextmanager
def product_server(
    peer: Peer, folder: Path, services: Services, *, options: Sequence[str] = ()
) -> Iterator[ProductServer]:
    """Run an instance on a new database: on the PostgreSQL of the services, or else on SQLite.

    Raises NotReady.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="chat-product-") as data:
        settings = {"REDIS_URL": services.redis_url, "CHAT_DEMO": "0", "LOG_FORMAT": "json"}
        if services.postgres_url is not None:
            settings["DATABASE_URL"] = services.postgres_url
        environment = isolated_environment(Path(data), **settings)
        migrate(environment)
        command = [sys.executable, "-m", _SERVE, "--port", str(port), *options]
        environment["PYTHONPATH"] = str(_ROOT)
        with server_process(command, port, environment=environment) as process:
            yield ProductServer(port, process)
