"""Databases for processes that tests start."""

import functools
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from config.development import instances

_SQLITE = "sqlite:///"


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database of this environment up to date. A fresh SQLite file is a copy of one that
    was migrated before, which takes no process."""
    url = environment["DATABASE_URL"]
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        path.write_bytes(_migrated())
    else:
        instances.migrate(environment)


@functools.cache
def _migrated() -> bytes:
    """A SQLite database file with all migrations applied."""
    with TemporaryDirectory(prefix="chat-migrated-") as folder:
        path = Path(folder) / "chat.sqlite3"
        instances.migrate(
            instances.development_environment(
                DJANGO_SETTINGS_MODULE="config.settings",
                DATABASE_URL=f"{_SQLITE}{path}",
                CHAT_STORE="sql",
                REDIS_URL="",
            )
        )
        return path.read_bytes()
