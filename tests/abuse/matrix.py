"""The servers and the stores on which every attack is tried."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

from config.development.firestore_emulator import own_firestore_emulator
from config.development.instances import uvicorn_command
from tests.servers.commands import daphne_command
from tests.servers.postgres import postgres_server
from tests.servers.redis import redis_server

Settings = Mapping[str, str]


@contextmanager
def _sqlite() -> Iterator[Settings]:
    """As on a laptop: one file, and no Redis."""
    yield {}


@contextmanager
def _postgresql() -> Iterator[Settings]:
    """As in production: a PostgreSQL and a Redis."""
    with postgres_server() as database, redis_server() as redis:
        yield {"DATABASE_URL": database, "REDIS_URL": redis}


@contextmanager
def _firestore() -> Iterator[Settings]:
    """As in production: Firestore, here its emulator, and a Redis."""
    with own_firestore_emulator() as (host, _), redis_server() as redis:
        yield {
            "CHAT_STORE": "firestore",
            "FIRESTORE_EMULATOR_HOST": host,
            "GOOGLE_CLOUD_PROJECT": f"abuse-{uuid4().hex}",
            "REDIS_URL": redis,
        }


SERVERS: Mapping[str, Callable[[int], Sequence[str]]] = {
    "uvicorn": uvicorn_command,
    "daphne": daphne_command,
}
"""The command that serves on a port, as the product documents it."""

STORES: Mapping[str, Callable[[], AbstractContextManager[Settings]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "firestore": _firestore,
}
"""Runs a store; the value is what has to be set to use it. Raises EmulatorMissing,
PostgresMissing."""
