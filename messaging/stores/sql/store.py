"""The store on Django's ORM: SQLite as the embedded default, PostgreSQL by the same code.

Every method is one function in a thread of the store's own, see `connections.calls`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Sized
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.fields.earlier_texts import EditedMessages
from messaging.domain.health import Condition
from messaging.domain.message import Message
from messaging.stores.conversations import (
    ChangedConversations,
    Changes,
    Commit,
    ListedPage,
    Page,
)
from messaging.stores.shared.recent_changes import (
    PAGE,
    ChangedPage,
    Place,
    all_pages,
    each_page,
)
from messaging.stores.shared.witness import Witness
from messaging.stores.sql import memberships, reads, rows, writes
from messaging.stores.sql.attachments.store import SqlAttachmentStore
from messaging.stores.sql.connections.calls import Calls, count, queried
from messaging.stores.sql.connections.shared_reads import SharedReads
from messaging.stores.sql.link_notes import StoredLinkNotes
from messaging.stores.sql.positions.store import StoredPositions
from messaging.stores.sql.positions.writes import shared_moves
from messaging.stores.sql.reactions.store import SqlReactionStore

P = ParamSpec("P")
Found = TypeVar("Found", bound=Sized)

_COUNTED_PER_READ = 1_000


class SqlStore(StoredPositions, StoredLinkNotes):
    """Implements `messaging.stores.conversations.Store` on one of Django's databases.

    `timeout` is the last resort, in seconds: the database's own timeouts are shorter. A commit that
    takes longer loses its connection, and its outcome is unknown. Documents are counted as in the
    Firestore store, so that one dashboard shows both.
    """

    def __init__(
        self, *, using: str = DEFAULT_DB_ALIAS, timeout: float = 4.0, calls: Calls | None = None
    ) -> None:
        self.witness = Witness()
        self.calls = calls or Calls(using=using, timeout=timeout)
        """The threads, which the other stores share."""
        self.attachments = SqlAttachmentStore(self.calls)
        self.reactions = SqlReactionStore(self.calls)
        self._commits = writes.shared_commits(self.calls)
        self._lists = SharedReads(self.calls, "list_memberships")
        self.moves = shared_moves(self.calls)

    @property
    def timeout(self) -> float:
        return self.calls.timeout

    @property
    def condition(self) -> Condition:
        return self.calls.condition

    @property
    def seconds_since_answer(self) -> float:
        return self.calls.seconds_since_answer

    async def close(self) -> None:
        await self._commits.drain()
        await self.moves.drain()
        await self.calls.close()

    async def now(self) -> datetime:
        at = await self.calls.read("now", reads.now)
        count("now", read=1)
        return at

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        mark = self.witness.begin()
        stored = await self.calls.commit(
            "create_conversation", writes.create_conversation, conversation
        )
        self.witness.committed(mark, stored)
        first = stored.last_message is not None
        count("create_conversation", written=1 + first + len(stored.participants))
        return stored

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        mark = self.witness.begin()
        found = await self.calls.read("get_conversation", reads.get_conversation, conversation_id)
        count("get_conversation", read=1)
        if found is None:
            self.witness.absent(mark, conversation_id)
        else:
            self.witness.read(mark, found)
        return found

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        after = None if cursor is None else rows.decode_cursor(cursor)
        mark = self.witness.begin()
        page = await self.calls.read(
            "list_conversations", reads.list_conversations, user_id, limit=limit, after=after
        )
        count("list_conversations", read=queried(len(page.conversations)))
        self.witness.read(mark, *page.conversations)
        return page

    async def list_own_conversations(
        self, user_id: str, *, limit: int, people: int, cursor: str | None = None
    ) -> ListedPage:
        after = None if cursor is None else rows.decode_cursor(cursor)
        mark = self.witness.begin()
        page = await self.calls.read(
            "list_own_conversations",
            memberships.list_listed,
            user_id,
            limit=limit,
            after=after,
            people=people,
        )
        count("list_own_conversations", read=queried(len(page.conversations)))
        self.witness.listed(mark, ((one.id, one.version) for one in page.conversations))
        return page

    async def list_memberships(
        self, user_id: str, *, limit: int, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await self._lists.read(
            lambda database: memberships.list_memberships(
                database, user_id, limit=limit, personal=personal
            )
        )
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        count("list_memberships", read=queried(len(found)))
        return found

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str], *, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await self.calls.read(
            "get_memberships",
            memberships.list_memberships,
            user_id,
            limit=len(conversation_ids),
            personal=personal,
            only=conversation_ids,
        )
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        count("get_memberships", read=len(conversation_ids))
        return found

    async def list_companions(
        self, user_id: str, others: Sequence[str], *, most: int | None = None
    ) -> Sequence[Companion]:
        found = await self.calls.read(
            "list_companions", memberships.list_companions, user_id, others, most=most
        )
        count("list_companions", read=queried(len({one.conversation_id for one in found})))
        return found

    async def list_conversation_ids(self, *, after: str = "", limit: int) -> Sequence[str]:
        return await self._list(
            "list_conversation_ids", reads.list_conversation_ids, after=after, limit=limit
        )

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        return await all_pages(self.page_changed_conversations(since=since))

    def page_changed_conversations(self, *, since: datetime) -> AsyncIterator[ChangedConversations]:
        async def read_page(after: Place | None) -> ChangedPage:
            mark = self.witness.begin()
            page = await self.calls.read(
                "list_changed_conversations",
                reads.list_changed_conversations,
                since=since,
                after=after,
                limit=PAGE,
            )
            found = page.changed.conversations
            count("list_changed_conversations", read=queried(len(found)))
            self.witness.read(mark, *found)
            return page

        return each_page(read_page)

    async def commit(self, commit: Commit) -> Conversation:
        mark = self.witness.begin()
        stored = await self._commits.write(commit)
        self.witness.committed(mark, stored)
        deleted = sum(not one.emojis for one in commit.reactions)
        count("commit", written=commit.writes - deleted, deleted=deleted)
        return stored

    async def set_preferences(self, conversation_id: str, user_id: str, changes: Changes) -> None:
        await self._write(
            "set_preferences", writes.set_preferences, conversation_id, user_id, changes
        )

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        await self._write("set_blocked", writes.set_blocked, conversation_id, user_id, blocked)

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        found = await self.calls.read(
            "get_messages", reads.get_messages, conversation_id, message_ids
        )
        count("get_messages", read=len(message_ids))
        return found

    async def get_messages_of(self, wanted: Mapping[str, Sequence[str]]) -> Mapping[str, Message]:
        found = await self.calls.read("get_messages", reads.get_messages_of, wanted)
        count("get_messages", read=sum(map(len, wanted.values())))
        return found

    async def get_edited(self, conversation_id: str, ids: Sequence[str]) -> EditedMessages:
        found = await self.calls.read("get_edited", reads.get_edited, conversation_id, ids)
        count("get_edited", read=len(ids))
        return found

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        return await self._list(
            "list_messages",
            reads.list_messages,
            conversation_id,
            first_seq=first_seq,
            last_seq=last_seq,
        )

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        return await self._list(
            "list_latest_messages", reads.list_latest_messages, conversation_id, limit=limit
        )

    async def list_pinned_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        return await self._list(
            "list_pinned_messages", reads.list_pinned_messages, conversation_id, limit=limit
        )

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        return await self._list(
            "list_changed_messages",
            reads.list_changed_messages,
            conversation_id,
            since=since,
            until=until,
            limit=limit,
        )

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        counted = await self.calls.read(
            "count_changed_messages",
            reads.count_changed_messages,
            conversation_id,
            since=since,
            up_to=up_to,
        )
        count("count_changed_messages", read=queried(-(-counted // _COUNTED_PER_READ)))
        return counted

    async def _write(self, operation: str, work: Callable[..., object], *args: object) -> None:
        await self.calls.write(operation, work, *args)
        count(operation, written=1)

    async def _list(
        self,
        operation: str,
        work: Callable[Concatenate[BaseDatabaseWrapper, P], Found],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Found:
        found = await self.calls.read(operation, work, *args, **kwargs)
        count(operation, read=queried(len(found)))
        return found
