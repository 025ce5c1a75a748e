"""The ids that a file has used, in a temporary database on the disk: a file may have more than fit
into memory."""

import sqlite3
from tempfile import TemporaryDirectory
from types import TracebackType


class Seen:
    """Use it as a context manager, which removes the database."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="chat-exchange-")
        self._database = sqlite3.connect(f"{self._folder.name}/seen", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")  # never ended: a transaction for each id takes long

    def add(self, kind: str, id_: str, line: int) -> int | None:
        """Note an id. Return the line that has used it before, or None."""
        key = f"{kind} {id_}"
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line))
        return None if added.rowcount else self.line_of(kind, id_)

    def line_of(self, kind: str, id_: str) -> int | None:
        """Return the line that has used an id, or None."""
        key = f"{kind} {id_}"
        found = self._database.execute("SELECT line FROM seen WHERE id = ?", (key,)).fetchone()
        return None if found is None else int(found[0])

    def __enter__(self) -> "Seen":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
        self._folder.cleanup()
