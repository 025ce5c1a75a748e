"""Migrate as Django does, and let others write to a SQLite database between two migrations."""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

_LONG_SECONDS = 0.05
_PAUSE_SECONDS = 0.15
"""SQLite has no queue of writers. Each looks again after 0.1 seconds at most
(`sqliteDefaultBusyCallback` in SQLite's main.c)."""


class Command(migrate.Command):
    """On SQLite, each migration locks the database, for long if there are many rows: Django checks
    the references of all tables. Between two migrations the database is free for less than a
    millisecond, so that sends would wait for all of them and fail."""

    _is_sqlite = False
    _began = 0.0
    _locked_seconds = 0.0
    """For how long the database was locked since the last pause."""

    def handle(self, *arguments: Any, **options: Any) -> None:
        self._is_sqlite = connections[options["database"]].vendor == "sqlite"
        super().handle(*arguments, **options)

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        super().migration_progress_callback(action, migration, fake)
        if action in {"apply_start", "unapply_start"}:
            self._began = time.monotonic()
        elif action in {"apply_success", "unapply_success"} and self._is_sqlite:
            self._locked_seconds += time.monotonic() - self._began
            if self._locked_seconds > _LONG_SECONDS:
                time.sleep(_PAUSE_SECONDS)
                self._locked_seconds = 0.0
