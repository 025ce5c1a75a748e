"""Databases for processes that tests start."""

import functools
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from config.development.instances import development_environment
from tests.releases import PRESENT

_SQLITE = "sqlite:///"


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database of this environment up to date. A fresh SQLite file is a copy of one that
    was migrated before, which takes no process."""
    url = environment["DATABASE_URL"]
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        path.write_bytes(_migrated())
    else:
        PRESENT.manage(environment, "migrate", "--verbosity", "0")


@functools.cache
def _migrated() -> bytes:
    """A SQLite database file with all migrations applied."""
    with TemporaryDirectory(prefix="chat-migrated-") as folder:
        path = Path(folder) / "chat.sqlite3"
        settings = development_environment(
            DJANGO_SETTINGS_MODULE="config.settings",
            DATABASE_URL=f"{_SQLITE}{path}",
            CHAT_STORE="sql",
            REDIS_URL="",
        )
        PRESENT.manage(settings, "migrate", "--verbosity", "0")
        return path.read_bytes()
