"""Databases for processes that tests start."""

import functools
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from config.development.instances import development_environment
from tests.releases import PRESENT
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
    """Bring the database of this environment up to date. A fresh SQLite file is a copy of one that
    was migrated before, which takes no process."""
    url = environment["DATABASE_URL"]
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        path.write_bytes(migrated())
    else:
        PRESENT.manage(environment, "migrate", "--verbosity", "0")


@functools.cache
def migrated() -> bytes:
    """A SQLite database file with all migrations applied."""
    return made_once("migrated.sqlite3", _migrate)


def _migrate() -> bytes:
    with TemporaryDirectory(prefix="chat-migrated-") as folder:
        settings = environment_on_sqlite(Path(folder))
        PRESENT.manage(settings, "migrate", "--verbosity", "0")
        return (Path(folder) / "chat.sqlite3").read_bytes()
