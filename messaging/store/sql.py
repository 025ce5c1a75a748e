"""The store on Django's ORM: SQLite as the embedded default, PostgreSQL by the same code.

Every method is one function in a thread of the store's own. `atomic` is not async, and
thread-sensitive `sync_to_async` would be one thread for all sockets.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar, cast

import structlog
from django.db import (
    DEFAULT_DB_ALIAS,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Max
from django.db.transaction import atomic

from messaging.entities import Conversation, Message, Preferences, ReadPosition
from messaging.exceptions import ConversationNotFound, StoreUnavailable
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.store import sql_rows as rows
from messaging.store.base import (
    Advanced,
    AlreadyExists,
    Commit,
    CommitUnknown,
    Conflict,
    Page,
    stamped,
    stamped_conversation,
)

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_SQLITE_READERS = 3
_SERVER_CONNECTIONS = 8
_FIRST_REVISION = 1

# A database that cannot be reached, is locked, or went away in the middle.
_LOST = (OperationalError, InterfaceError)


class SqlStore:
    """Keeps `messaging.store.base.Store` on the default database.

    `timeout` is the backstop, in seconds: the database's own timeouts should be shorter. What
    runs in a thread cannot be stopped from outside, so a commit that takes longer is unknown.
    """

    def __init__(self, *, timeout: float = 4.0) -> None:
        self._timeout = timeout
        self._threads: _Threads | None = None

    async def close(self) -> None:
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.close)

    async def ping(self) -> None:
        await self._read(rows.ping)

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        return await self._commit(_create_conversation, conversation)

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        return await self._read(rows.get_conversation, conversation_id)

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        after = None if cursor is None else rows.decoded_cursor(cursor)
        return await self._read(rows.list_conversations, user_id, limit, after)

    async def commit(self, commit: Commit) -> Conversation:
        return await self._commit(_commit, commit)

    async def set_preferences(
        self, conversation_id: str, user_id: str, preferences: Preferences
    ) -> None:
        """Raises ConversationNotFound."""
        await self._write(_set_preferences, conversation_id, user_id, preferences)

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        found = await self._read(
            rows.list_messages,
            MessageRecord.objects.filter(conversation_id=conversation_id, id__in=message_ids),
        )
        return {message.id: message for message in found}

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        return await self._read(
            rows.list_messages,
            MessageRecord.objects.filter(
                conversation_id=conversation_id, seq__gte=first_seq, seq__lte=last_seq
            ).order_by("seq"),
        )

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        return await self._read(
            rows.list_messages,
            MessageRecord.objects.filter(
                conversation_id=conversation_id, version__gt=since, version__lte=until
            ).order_by("version")[:limit],
        )

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        changed = MessageRecord.objects.filter(conversation_id=conversation_id, version__gt=since)
        return await self._read(changed[:up_to].count)

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        return await self._read(rows.list_read_positions, conversation_id)

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        return await self._read(rows.get_read_positions, user_id, conversation_ids)

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        return await self._write(_advance_read, conversation_id, user_id, seq)

    async def _read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        pool = self._started_threads().readers
        return await self._run(pool, StoreUnavailable, function, *args, **kwargs)

    async def _write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what may be repeated: an answer that got lost is as good as none."""
        pool = self._started_threads().writers
        return await self._run(pool, StoreUnavailable, function, *args, **kwargs)

    async def _commit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        pool = self._started_threads().writers
        return await self._run(pool, CommitUnknown, function, *args, **kwargs)

    async def _run(
        self,
        pool: ThreadPoolExecutor,
        unanswered: type[StoreUnavailable | CommitUnknown],
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the function in a thread; raise `unanswered` if it began and did not end in time."""
        # These two calls are loop.run_in_executor, which keeps to itself whether work has begun.
        work = pool.submit(lambda: _run_connected(function, *args, **kwargs))
        answer = asyncio.wrap_future(work)
        try:
            async with asyncio.timeout(self._timeout):
                return await answer
        except TimeoutError as error:
            never_began = work.cancel()
            _warn(function, "no free thread" if never_began else "no answer")
            raise (StoreUnavailable if never_began else unanswered) from error
        except CommitUnknown as error:
            _warn(function, str(error.__cause__))
            raise
        except _LOST as error:
            _warn(function, str(error))
            raise StoreUnavailable from error

    def _started_threads(self) -> "_Threads":
        if self._threads is None:
            self._threads = _Threads()
        return self._threads


class _Threads:
    """Threads for reading and writing, and the database connection of each of them."""

    def __init__(self) -> None:
        self._connections: list[BaseDatabaseWrapper] = []
        if connection.vendor == "sqlite":
            # SQLite lets one writer in at a time: a second thread would poll for the lock.
            self.readers = self._pool("sql-reader", _SQLITE_READERS)
            self.writers = self._pool("sql-writer", 1)
        else:
            self.readers = self.writers = self._pool("sql", _SERVER_CONNECTIONS)

    def close(self) -> None:
        """Wait for what is running or queued, then close the connections. Blocks."""
        self.readers.shutdown()
        self.writers.shutdown()
        for wrapper in self._connections:
            wrapper.close()

    def _pool(self, name: str, size: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(size, name, initializer=self._adopt_connection)

    def _adopt_connection(self) -> None:
        """Django has a connection per thread; let `close` close this thread's from another."""
        wrapper = connections[DEFAULT_DB_ALIAS]
        wrapper.inc_thread_sharing()
        self._connections.append(wrapper)


def _run_connected(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the function in this thread; when it loses its connection, the next one reconnects."""
    try:
        return function(*args, **kwargs)
    except (*_LOST, CommitUnknown):
        connection.close()
        raise


def _warn(function: Callable[..., object], reason: str) -> None:
    operation = getattr(function, "__name__", "").strip("_")
    logger.warning("store.unavailable", operation=operation, reason=reason)


@contextmanager
def _committing() -> Iterator[None]:
    """A transaction. Raises CommitUnknown when the connection is lost at its COMMIT.

    A locked SQLite never shows there but already at BEGIN IMMEDIATE, when nothing is written.
    """
    commit_sent = False
    try:
        with atomic():
            yield
            commit_sent = True
    except _LOST as error:
        if commit_sent:
            raise CommitUnknown from error
        raise


def _create_conversation(conversation: Conversation) -> Conversation:
    try:
        with _committing():
            stored = stamped_conversation(conversation, _now(), token=_FIRST_REVISION)
            people = stored.participants.values()
            ConversationRecord.objects.create(
                id=stored.id, revision=_FIRST_REVISION, **rows.conversation_columns(stored)
            )
            ParticipantRecord.objects.bulk_create(rows.participant_records(stored.id, people))
            _put_positions(stored.id, [ReadPosition(user_id=one.user_id) for one in people])
    except IntegrityError as error:
        if ConversationRecord.objects.filter(id=conversation.id).exists():
            raise AlreadyExists from error
        raise
    return stored


def _commit(commit: Commit) -> Conversation:
    revision = cast("int", commit.before.token)
    try:
        with _committing():
            at = _now()
            after = stamped_conversation(commit.after, at, token=revision + 1)
            _update_conversation(after, revision)
            MessageRecord.objects.bulk_create(
                rows.message_record(stamped(message, at)) for message in commit.created
            )
            for message in commit.replaced:
                columns = rows.message_columns(stamped(message, at))
                MessageRecord.objects.filter(id=message.id).update(**columns)
            _change_participants(commit.before, after)
            _put_positions(after.id, commit.positions)
    except IntegrityError as error:
        if MessageRecord.objects.filter(id__in=[one.id for one in commit.created]).exists():
            raise AlreadyExists from error
        raise
    return after


def _update_conversation(conversation: Conversation, revision: int) -> None:
    """Raises Conflict unless the row is still at this revision.

    It comes first in a commit: from here on the row is locked, and nobody else gets in between.
    """
    unchanged = ConversationRecord.objects.filter(id=conversation.id, revision=revision)
    if not unchanged.update(revision=revision + 1, **rows.conversation_columns(conversation)):
        raise Conflict


def _change_participants(before: Conversation, after: Conversation) -> None:
    if before.participants == after.participants:
        return
    old, new = before.participants, after.participants
    stayed = {
        user_id
        for user_id in old.keys() & new.keys()
        if old[user_id].joined_version == new[user_id].joined_version
    }
    records = ParticipantRecord.objects.filter(conversation_id=after.id)
    records.filter(user_id__in=old.keys() - stayed).delete()
    for user_id in stayed:
        if old[user_id].role != new[user_id].role:
            records.filter(user_id=user_id).update(role=new[user_id].role.value)
    joined = [participant for participant in new.values() if participant.user_id not in stayed]
    if joined:
        last = records.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        ParticipantRecord.objects.bulk_create(
            rows.participant_records(after.id, joined, first_position=position)
        )


def _put_positions(conversation_id: str, positions: Sequence[ReadPosition]) -> None:
    ReadPositionRecord.objects.bulk_create(
        rows.read_position_records(conversation_id, positions),
        update_conflicts=True,
        unique_fields=["conversation", "user_id"],
        update_fields=["read_seq", "delivered_seq"],
    )


def _set_preferences(conversation_id: str, user_id: str, preferences: Preferences) -> None:
    with atomic():
        records = ConversationRecord.objects.filter(id=conversation_id)
        record = records.select_for_update().first()
        if record is None:
            raise ConversationNotFound
        changed = dict(record.preferences)
        changed.pop(user_id, None)
        if preferences != Preferences():
            changed[user_id] = rows.preferences_json(preferences)
        records.update(preferences=changed, revision=F("revision") + 1)


def _advance_read(conversation_id: str, user_id: str, seq: int) -> Advanced:
    with atomic():
        record, _ = ReadPositionRecord.objects.select_for_update().get_or_create(
            conversation_id=conversation_id, user_id=user_id
        )
        moved = seq > record.read_seq
        if moved:
            record.read_seq = seq
            record.delivered_seq = max(seq, record.delivered_seq)
            record.save(update_fields=["read_seq", "delivered_seq"])
    return Advanced(position=rows.read_position(record), moved=moved)


def _now() -> datetime:
    """In whole milliseconds, as clients see it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
