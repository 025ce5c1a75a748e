"""What the servers use: an empty Redis, and an empty database on a PostgreSQL with fsync."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import sql

from config.development.ports import free_port
from config.development.redis import RedisMissing, run_redis
from tests.benchmarks.peers.cores import load_core
from tests.benchmarks.peers.installing import Missing
from tests.benchmarks.peers.peer import Services
from tests.servers.postgres import Cluster, PostgresMissing, new_cluster


class ServicePool:
    """One PostgreSQL for a whole run, once somebody needs it; a new database for each server."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._cluster: Cluster | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> "ServicePool":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open.close()

    @contextmanager
    def services(self, *, postgres: bool) -> Iterator[Services]:
        """Run what one server uses, on the core of the load. Raises Missing, NotReady."""
        port = free_port()
        try:
            with run_redis(port) as redis:
                os.sched_setaffinity(redis.pid, {load_core()})
                database = self._new_database() if postgres else None
                yield Services(f"redis://127.0.0.1:{port}/0", redis, database)
        except (RedisMissing, PostgresMissing) as missing:
            raise Missing(str(missing)) from missing

    def _new_database(self) -> str:
        if self._cluster is None:
            cluster = self._open.enter_context(new_cluster())
            server = self._open.enter_context(cluster.run())
            os.sched_setaffinity(server.pid, {load_core()})
            self._cluster = cluster
        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(self._cluster.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._cluster.url.rpartition("/")[0] + f"/{name}"
