"""A temporary SQLite database on the disk, for what does not fit into memory."""

import errno
import os
import sqlite3
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self


class ScratchDatabase:
    """Use it as a context manager, which removes the database. It raises OSError if the disk is
    full."""

    def __init__(self, tables: str) -> None:
        """Create it with the tables of these statements."""
        self._folder = TemporaryDirectory(prefix="chat-exchange-")
        self._database = sqlite3.connect(f"{self._folder.name}/scratch", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(tables)
        self._database.execute("BEGIN")  # never ended: a transaction for each item takes long

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
        self._folder.cleanup()
        if isinstance(error, sqlite3.OperationalError):
            full = errno.ENOSPC if error.sqlite_errorcode == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(full, os.strerror(full), self._folder.name) from error
