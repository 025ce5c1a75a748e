"""Keeps the messages that wait to be sent in a file of SQLite, so that they survive a restart.

One client uses a file at a time. A thread writes, so that the event loop never waits for the disk.
If the disk refuses a message, the message stays in memory, `flush` raises, and the next change
tries again. Anybody who can read the file can read the messages.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chat_client.errors import OutboxUnusable, error_of
from chat_client.state.outbox import Pending

_TABLE = """
    CREATE TABLE IF NOT EXISTS pending (
        number INTEGER PRIMARY KEY,
        user_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        item BLOB NOT NULL,
        UNIQUE (user_id, client_id)
    )
"""

T = TypeVar("T")

_log = logging.getLogger("chat_client")


class _Stored(msgspec.Struct):
    """A message as the file has it."""

    conversation_id: str
    client_id: str
    created_at: datetime
    fields: dict[str, Any]
    error: dict[str, Any] | None = None


class StoredOutbox:
    def __init__(self, path: Path | str, *, user_id: str) -> None:
        """`user_id`: who signs in. The file may have messages of other people, which wait for their
        clients."""
        self.user_id = user_id
        self._path = Path(path)
        self._thread: ThreadPoolExecutor | None = None
        self._database: sqlite3.Connection | None = None
        self._wanted: Sequence[Pending] = ()
        self._stored: Mapping[str, Pending] = {}
        self._writing: asyncio.Future[None] | None = None

    async def open(self) -> Sequence[Pending]:
        """Return what an earlier process left. Raises OutboxUnusable."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chat-client-outbox")
        try:
            left = await self._in_thread(self._open)
        except asyncio.CancelledError:
            await self._close_file()
            raise
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            await self._end_thread()
            text = f"The file {self._path} of the outbox cannot be used: {error}."
            raise OutboxUnusable(text, code="outbox_unusable") from error
        self._wanted = left
        return left

    def save(self, items: Sequence[Pending]) -> None:
        """Keep these, and no others."""
        self._wanted = items
        if self._writing is None and self._thread is not None:
            self._writing = asyncio.ensure_future(self._write_all())
            self._writing.add_done_callback(self._written)

    async def flush(self) -> None:
        """Wait until everything is stored. Raises OutboxUnusable."""
        self.save(self._wanted)
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def aclose(self) -> None:
        """Store what is not stored yet, and let another client use the file."""
        try:
            await self.flush()
        except OutboxUnusable:
            _log.error("%d messages are not stored", len(self._wanted))
        finally:
            await self._close_file()

    async def _write_all(self) -> None:
        items: Sequence[Pending] | None = None
        while items is not self._wanted:
            items = self._wanted
            try:
                await self._in_thread(partial(self._write, items))
            except sqlite3.Error as error:
                text = f"The outbox cannot be written: {error}."
                raise OutboxUnusable(text, code="outbox_unusable") from error

    def _written(self, writing: "asyncio.Future[None]") -> None:
        self._writing = None
        if not writing.cancelled() and (error := writing.exception()) is not None:
            _log.error("messages are not stored: %s", error)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _close_file(self) -> None:
        if self._thread is not None:
            await self._in_thread(self._close)
            await self._end_thread()

    async def _end_thread(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    # In the thread

    def _open(self) -> Sequence[Pending]:
        self._path.touch(mode=0o600)
        # `locking_mode` keeps the lock, so that no other client sends the same messages.
        database = sqlite3.connect(self._path, timeout=0, isolation_level=None)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN EXCLUSIVE")
            database.execute(_TABLE)
            database.execute("COMMIT")
            rows = database.execute(
                "SELECT item FROM pending WHERE user_id = ? ORDER BY number", [self.user_id]
            ).fetchall()
            left = [_pending(item) for (item,) in rows]
        except BaseException:
            database.close()
            raise
        self._database = database
        self._stored = {one.client_id: one for one in left}
        return left

    def _write(self, items: Sequence[Pending]) -> None:
        """Write the difference, in one transaction."""
        assert self._database is not None
        wanted = {one.client_id: one for one in items}
        gone = [(self.user_id, id_) for id_ in self._stored.keys() - wanted.keys()]
        new = [
            (self.user_id, id_, _encoded(one))
            for id_, one in wanted.items()
            if self._stored.get(id_) is not one
        ]
        if not gone and not new:
            return
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            try:
                cursor.executemany("DELETE FROM pending WHERE user_id = ? AND client_id = ?", gone)
                cursor.executemany(
                    "INSERT INTO pending (user_id, client_id, item) VALUES (?, ?, ?)"
                    " ON CONFLICT (user_id, client_id) DO UPDATE SET item = excluded.item",
                    new,
                )
                cursor.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    cursor.execute("ROLLBACK")
                raise
        self._stored = wanted

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _encoded(item: Pending) -> bytes:
    error = None if item.error is None else item.error.as_json()
    stored = _Stored(
        item.conversation_id, item.client_id, item.created_at, dict(item.fields), error
    )
    return msgspec.json.encode(stored)


def _pending(item: bytes) -> Pending:
    stored = msgspec.json.decode(item, type=_Stored)
    return Pending(
        conversation_id=stored.conversation_id,
        client_id=stored.client_id,
        created_at=stored.created_at,
        fields=stored.fields,
        error=None if stored.error is None else error_of(stored.error),
    )
