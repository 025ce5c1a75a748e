"""The ids that a file has used, on the disk: a file may have more than fit into memory."""

from messaging.exchange.scratch import ScratchDatabase

_TABLES = "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID"


class Seen(ScratchDatabase):
    def __init__(self) -> None:
        super().__init__(_TABLES)

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
