"""The store on Django's ORM: SQLite as the embedded default, PostgreSQL by the same code.

Every method is one function in a thread of the store's own, see `sql_threads`.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.instruments.metrics import (
    STORE_DOCUMENTS,
    STORE_SECONDS,
    STORE_UNAVAILABLE,
    STORE_WRITES_REFUSED,
)
from messaging.stores.circuit_breaker import CircuitBreaker
from messaging.stores.conversations import (
    OWN_READS,
    Advanced,
    ChangedConversations,
    ChangedPositions,
    Commit,
    CommitUnknown,
    LinkNotes,
    ListedPage,
    Page,
)
from messaging.stores.recent_changes import PAGE, read_pages
from messaging.stores.sql import link_notes, memberships, reads, rows, writes
from messaging.stores.sql.connections.threads import (
    Call,
    Threads,
    lost,
    not_writable,
    took_too_long,
)
from messaging.stores.witness import Witness

logger = structlog.get_logger(__name__)

T = TypeVar("T")

_COUNTED_PER_READ = 1_000


class SqlStore:
    """Keeps `messaging.stores.conversations.Store` on one of Django's databases.

    `timeout` is the backstop, in seconds: the database's own timeouts are shorter. A commit that
    takes longer loses its connection, and whether it was applied is unknown.

    Documents are counted as the Firestore store counts them, so that one dashboard shows both.
    """

    def __init__(self, *, using: str = DEFAULT_DB_ALIAS, timeout: float = 4.0) -> None:
        self._using = using
        self.timeout = timeout
        self.witness = Witness()
        self._threads: Threads | None = None
        self._breaker = CircuitBreaker()
        # One answer is enough: a full disk is full for all.
        self._writing = CircuitBreaker(failures=1, gauge=STORE_WRITES_REFUSED)

    @property
    def condition(self) -> Condition:
        if self._breaker.open:
            return Condition.UNAVAILABLE
        return Condition.DEGRADED if self._writing.open else Condition.OK

    @property
    def seconds_since_answer(self) -> float:
        return self._breaker.seconds_since_answer

    async def close(self) -> None:
        threads, self._threads = self._threads, None
        if threads is not None:
            await asyncio.to_thread(threads.close)

    async def now(self) -> datetime:
        at = await self._read("now", reads.now)
        _count("now", read=1)
        return at

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        mark = self.witness.begin()
        stored = await self._commit(
            "create_conversation",
            lambda database: writes.create_conversation(database, conversation),
        )
        self.witness.committed(mark, stored)
        _count("create_conversation", written=1 + len(stored.participants))
        return stored

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        mark = self.witness.begin()
        found = await self._read(
            "get_conversation",
            lambda database: reads.get_conversation(database, conversation_id),
        )
        _count("get_conversation", read=1)
        if found is None:
            self.witness.absent(mark, conversation_id)
        else:
            self.witness.read(mark, found)
        return found

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        after = None if cursor is None else rows.decoded_cursor(cursor)
        mark = self.witness.begin()
        page = await self._read(
            "list_conversations",
            lambda database: reads.list_conversations(database, user_id, limit=limit, after=after),
        )
        _count("list_conversations", read=_queried(len(page.conversations)))
        self.witness.read(mark, *page.conversations)
        return page

    async def list_own_conversations(
        self, user_id: str, *, limit: int, people: int, cursor: str | None = None
    ) -> ListedPage:
        after = None if cursor is None else rows.decoded_cursor(cursor)
        mark = self.witness.begin()
        page = await self._read(
            "list_own_conversations",
            lambda database: memberships.list_listed(
                database, user_id, limit=limit, after=after, people=people
            ),
        )
        _count("list_own_conversations", read=_queried(len(page.conversations)))
        self.witness.listed(mark, ((one.id, one.version) for one in page.conversations))
        return page

    async def list_memberships(
        self, user_id: str, *, limit: int, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await self._read(
            "list_memberships",
            lambda database: memberships.list_memberships(
                database, user_id, limit=limit, personal=personal
            ),
        )
        _count("list_memberships", read=_queried(len(found)))
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        return found

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str], *, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await self._read(
            "get_memberships",
            lambda database: memberships.list_memberships(
                database,
                user_id,
                limit=len(conversation_ids),
                personal=personal,
                only=conversation_ids,
            ),
        )
        _count("get_memberships", read=len(conversation_ids))
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        return found

    async def list_companions(
        self, user_id: str, others: Sequence[str], *, most: int | None = None
    ) -> Sequence[Companion]:
        found = await self._read(
            "list_companions",
            lambda database: memberships.list_companions(database, user_id, others, most=most),
        )
        _count("list_companions", read=_queried(len({one.conversation_id for one in found})))
        return found

    async def list_conversation_ids(self, *, after: str = "", limit: int) -> Sequence[str]:
        found = await self._read(
            "list_conversation_ids",
            lambda database: reads.list_conversation_ids(database, after=after, limit=limit),
        )
        _count("list_conversation_ids", read=_queried(len(found)))
        return found

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        async def read_page(after: Conversation | None) -> ChangedConversations:
            mark = self.witness.begin()
            page = await self._read(
                "list_changed_conversations",
                lambda database: reads.list_changed_conversations(
                    database, since=since, after=after, limit=PAGE
                ),
            )
            _count("list_changed_conversations", read=_queried(len(page.conversations)))
            self.witness.read(mark, *page.conversations)
            return page

        return await read_pages(read_page)

    async def commit(self, commit: Commit) -> Conversation:
        mark = self.witness.begin()
        stored = await self._commit("commit", lambda database: writes.commit(database, commit))
        self.witness.committed(mark, stored)
        messages = len(commit.created) + len(commit.replaced)
        _count("commit", written=1 + messages + len(commit.positions))
        return stored

    async def set_preferences(
        self, conversation_id: str, user_id: str, changes: Mapping[str, Any]
    ) -> None:
        await self._write(
            "set_preferences",
            lambda database: writes.set_preferences(database, conversation_id, user_id, changes),
        )
        _count("set_preferences", written=1)

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        await self._write(
            "set_blocked",
            lambda database: writes.set_blocked(database, conversation_id, user_id, blocked),
        )
        _count("set_blocked", written=1)

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        found = await self._read(
            "get_messages",
            lambda database: reads.get_messages(database, conversation_id, message_ids),
        )
        _count("get_messages", read=len(message_ids))
        return found

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        found = await self._read(
            "list_messages",
            lambda database: reads.list_messages(
                database, conversation_id, first_seq=first_seq, last_seq=last_seq
            ),
        )
        _count("list_messages", read=_queried(len(found)))
        return found

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        found = await self._read(
            "list_latest_messages",
            lambda database: reads.list_latest_messages(database, conversation_id, limit=limit),
        )
        _count("list_latest_messages", read=_queried(len(found)))
        return found

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        found = await self._read(
            "list_changed_messages",
            lambda database: reads.list_changed_messages(
                database, conversation_id, since=since, until=until, limit=limit
            ),
        )
        _count("list_changed_messages", read=_queried(len(found)))
        return found

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        counted = await self._read(
            "count_changed_messages",
            lambda database: reads.count_changed_messages(
                database, conversation_id, since=since, up_to=up_to
            ),
        )
        _count("count_changed_messages", read=_queried(math.ceil(counted / _COUNTED_PER_READ)))
        return counted

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        found = await self._read(
            "list_read_positions",
            lambda database: reads.list_read_positions(database, conversation_id),
        )
        _count("list_read_positions", read=_queried(len(found)))
        return found

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        found = await self._read(
            "get_read_positions",
            lambda database: reads.get_read_positions(database, user_id, conversation_ids),
        )
        _count("get_read_positions", read=len(conversation_ids))
        return found

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        changed = await self._read(
            "list_changed_positions",
            lambda database: reads.list_changed_positions(
                database, user_id, since=since, limit=limit
            ),
        )
        _count("list_changed_positions", read=_queried(len(changed.positions)))
        return changed

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        advanced = await self._write(
            "advance_read",
            lambda database: writes.advance_read(database, conversation_id, user_id, seq),
        )
        self.witness.moved_position(conversation_id, user_id)
        _count("advance_read", read=1, written=int(advanced.moved))
        return advanced

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        await self._write(
            "advance_delivered",
            lambda database: writes.advance_delivered(database, conversation_id, user_id, seq),
        )
        self.witness.moved_position(conversation_id, user_id)
        _count("advance_delivered", written=1)

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        await self._write(
            "limit_position",
            lambda database: writes.limit_position(database, conversation_id, user_id, seq),
        )
        _count("limit_position", written=1)

    async def put_link_note(self, boot_id: str) -> None:
        await self._write("put_link_note", lambda database: link_notes.put(database, boot_id))
        _count("put_link_note", written=1)

    async def delete_link_note(self, boot_id: str) -> None:
        await self._write("delete_link_note", lambda database: link_notes.delete(database, boot_id))
        _count("delete_link_note", deleted=1)

    async def list_link_notes(self) -> LinkNotes:
        notes = await self._read("list_link_notes", link_notes.list_current)
        _count("list_link_notes", read=_queried(len(notes.boot_ids)))
        return notes

    async def read(self, operation: str, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        """For the stores beside this one, which share its threads."""
        return await self._read(operation, work)

    async def write(self, operation: str, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        """Do what may be repeated, for the stores beside this one."""
        return await self._write(operation, work)

    async def _read(self, operation: str, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        return await self._run(operation, work, False, StoreUnavailable)

    async def _write(self, operation: str, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        """Do what may be repeated: an answer that got lost is as good as none."""
        return await self._run(operation, work, True, StoreUnavailable)

    async def _commit(self, operation: str, work: Callable[[BaseDatabaseWrapper], T]) -> T:
        return await self._run(operation, work, True, CommitUnknown)

    async def _run(
        self,
        operation: str,
        work: Callable[[BaseDatabaseWrapper], T],
        writes: bool,
        unanswered: type[StoreUnavailable | CommitUnknown],
    ) -> T:
        """Every call passes here. Raises `unanswered` if it began and did not end in time."""
        begun = time.monotonic()
        own = operation in OWN_READS
        threads = self._open_threads(operation, writes)
        call: Call[T] | None = None
        try:
            async with asyncio.timeout(self.timeout):
                if own:
                    call = await threads.start_own(work)
                else:
                    call = threads.start(work, writes=writes)
                answer = await call.answer()
        except asyncio.CancelledError:
            if call is not None and not call.future.cancel():  # it has begun
                asyncio.get_running_loop().call_later(self.timeout, call.give_up)
            raise
        except TimeoutError as error:
            never_began = call is None or call.give_up()
            reason = "no free connection" if never_began else "no answer"
            self._failed(operation, reason, votes=not own)
            raise (StoreUnavailable if never_began else unanswered) from error
        except CommitUnknown as error:
            self._failed(operation, str(error.__cause__))
            raise
        except Exception as error:
            if writes and not_writable(error):
                self._not_written(operation, error)
            elif lost(error):
                self._failed(operation, str(error), votes=not (own and took_too_long(error)))
            else:
                self._breaker.answered()  # it refuses
                raise
            raise StoreUnavailable from error
        self._breaker.answered()
        if writes:
            self._writing.answered()
        STORE_SECONDS.labels(operation).observe(time.monotonic() - begun)
        return answer

    def _open_threads(self, operation: str, writes: bool) -> Threads:
        """Raises StoreUnavailable while a breaker is open."""
        try:
            self._breaker.require_closed()
            if writes:
                self._writing.require_closed()
        except StoreUnavailable:
            STORE_UNAVAILABLE.labels(operation).inc()
            raise
        if self._threads is None:
            self._threads = Threads(alias=self._using, timeout=self.timeout)
        return self._threads

    def _not_written(self, operation: str, error: BaseException) -> None:
        """A full disk says nothing about reads, which go on."""
        self._breaker.answered()
        self._writing.failed()
        STORE_UNAVAILABLE.labels(operation).inc()
        logger.warning("store.not_writable", operation=operation, reason=str(error))

    def _failed(self, operation: str, reason: str, *, votes: bool = True) -> None:
        if votes:
            self._breaker.failed()
        STORE_UNAVAILABLE.labels(operation).inc()
        logger.warning("store.unavailable", operation=operation, reason=reason)


def _queried(found: int) -> int:
    """A query costs one read at least: https://firebase.google.com/docs/firestore/pricing"""
    return max(found, 1)


def count(operation: str, *, read: int = 0, written: int = 0, deleted: int = 0) -> None:
    """Count documents as Firestore would bill them, for the stores beside this one."""
    _count(operation, read=read, written=written, deleted=deleted)


def _count(operation: str, *, read: int = 0, written: int = 0, deleted: int = 0) -> None:
    if read:
        STORE_DOCUMENTS.labels(operation, "read").inc(read)
    if written:
        STORE_DOCUMENTS.labels(operation, "write").inc(written)
    if deleted:
        STORE_DOCUMENTS.labels(operation, "delete").inc(deleted)
