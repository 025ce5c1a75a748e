"""Databases for processes that tests start."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from config.development.instances import development_environment
from tests.releases import PRESENT
from tests.servers.postgres import dumped, restore
from tests.shared import made_once

_SQLITE = "sqlite:///"


def environment_on_sqlite(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of one instance with a database in this folder, without Redis and demo."""
    return development_environment(
        DJANGO_SETTINGS_MODULE="config.settings",
        DATABASE_URL=f"{_SQLITE}{folder / 'chat.sqlite3'}",
        CHAT_STORE="sql",
        REDIS_URL="",
        CHAT_DEMO="0",
        **settings,
    )


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database of this environment up to date. A fresh database is a copy of one that was
    migrated before, which takes no process."""
    url = environment["DATABASE_URL"]
    path = Path(url.removeprefix(_SQLITE))
    by_command = functools.partial(PRESENT.manage, environment, "migrate", "--verbosity", "0")
    if url.startswith(_SQLITE) and not path.exists():
        path.write_bytes(migrated())
    elif url.startswith("postgres:") and _is_empty(url):
        fill_postgres(url, by_command)
    else:
        by_command()


def fill_postgres(url: str, migrate: Callable[[], object]) -> None:
    """Give this empty PostgreSQL all tables. Of the processes that share files, one migrates, and
    the others take over its tables."""

    def made() -> bytes:
        migrate()
        return dumped(url)

    tables = made_once("migrated.postgresql.sql", made)
    if _is_empty(url):
        restore(url, tables)


def _is_empty(url: str) -> bool:
    with psycopg.connect(url) as connection:
        named = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"
        return connection.execute(named).fetchone() is None


@functools.cache
def migrated() -> bytes:
    """A SQLite database file with all migrations applied."""
    return made_once("migrated.sqlite3", _migrate)


def _migrate() -> bytes:
    with TemporaryDirectory(prefix="chat-migrated-") as folder:
        settings = environment_on_sqlite(Path(folder))
        PRESENT.manage(settings, "migrate", "--verbosity", "0")
        return (Path(folder) / "chat.sqlite3").read_bytes()
