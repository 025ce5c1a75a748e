"""Backups of a cluster's store, made and put back by each store's own means."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx

from tests.chaos.cluster import Cluster

_TRIES = 5
_WRITES_AT_ONCE = 400
_SECONDS_LOCKED = 90


class Backup(Protocol):
    async def make(self) -> None: ...
    async def restore(self) -> None:
        """Set the store back, whether instances are running or not."""


def backup_of(cluster: Cluster) -> Backup:
    if cluster.sqlite:
        return SqliteBackup(cluster.folder / "chat.sqlite3")
    if cluster.postgres:
        return PostgresBackup(cluster.environment["DATABASE_URL"], cluster.folder / "backup.dump")
    return FirestoreBackup(cluster.environment)


class SqliteBackup:
    """By SQLite's backup API, as `sqlite3 FILE .backup` and `.restore` do it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = file.with_suffix(".backup")

    async def make(self) -> None:
        await asyncio.to_thread(self._copy, self._file, self._kept)

    async def restore(self) -> None:
        await asyncio.to_thread(self._copy, self._kept, self._file)

    def _copy(self, source: Path, target: Path) -> None:
        one, other = sqlite3.connect(source, timeout=10), sqlite3.connect(target, timeout=10)
        try:
            one.backup(other)
        finally:
            one.close()
            other.close()


class PostgresBackup:
    """By pg_dump, and by pg_restore in a single transaction."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = url
        self._file = file

    async def make(self) -> None:
        await self._run("pg_dump", "--format=custom", f"--file={self._file}", self._url)

    async def restore(self) -> None:
        """A transaction of an instance may be in the way (a deadlock): then again."""
        options = ("--clean", "--if-exists", "--single-transaction", f"--dbname={self._url}")
        for tries in range(_TRIES):
            try:
                await self._run("pg_restore", *options, str(self._file))
            except subprocess.CalledProcessError:
                if tries == _TRIES - 1:
                    raise
            else:
                return

    async def _run(self, program: str, *arguments: str) -> None:
        await asyncio.to_thread(
            subprocess.run,
            [_postgres_program(program), *arguments],
            check=True,
            capture_output=True,
            timeout=60,
        )


class FirestoreBackup:
    """By the emulator's REST: every document is read, and later written again as it was."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        host, project = environment["FIRESTORE_EMULATOR_HOST"], environment["GOOGLE_CLOUD_PROJECT"]
        self._documents = f"http://{host}/v1/projects/{project}/databases/(default)/documents"
        self._kept: dict[str, Any] = {}

    async def make(self) -> None:
        async with self._http() as http:
            self._kept = await self._read(http)

    async def restore(self) -> None:
        """What is newer is deleted, as before an import into an emptied database."""
        async with self._http() as http:
            now = await self._read(http)
            writes: list[dict[str, Any]] = [{"delete": name} for name in now.keys() - self._kept]
            writes += [
                {"update": {"name": name, "fields": fields}}
                for name, fields in self._kept.items()
                if now.get(name) != fields
            ]
            for start in range(0, len(writes), _WRITES_AT_ONCE):
                body = {"writes": writes[start : start + _WRITES_AT_ONCE]}
                await self._commit(http, body)

    async def _commit(self, http: httpx.AsyncClient, body: dict[str, Any]) -> None:
        """A transaction of an instance that was cut off locks what it read, for up to a minute."""
        for _ in range(_SECONDS_LOCKED):
            answer = await http.post(f"{self._documents}:commit", json=body)
            if answer.status_code != httpx.codes.CONFLICT:
                break
            await asyncio.sleep(1)
        answer.raise_for_status()

    async def _read(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """The fields of each document, by its full name."""
        query = {"structuredQuery": {"from": [{"allDescendants": True}]}}
        answer = await http.post(f"{self._documents}:runQuery", json=query)
        answer.raise_for_status()
        found = [item["document"] for item in answer.json() if "document" in item]
        return {document["name"]: document.get("fields", {}) for document in found}

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers={"Authorization": "Bearer owner"}, timeout=60, trust_env=False
        )


def _postgres_program(name: str) -> str:
    if found := shutil.which(name):
        return found
    folders = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not folders:
        raise FileNotFoundError(f"{name} is not installed, PATH is {os.environ['PATH']}")
    return str(folders[-1])
