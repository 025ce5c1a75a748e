"""The store on Cloud Firestore.

A send is one commit of two writes and no read: it creates the message, and updates the conversation
if that has not changed since it was read.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.fields.earlier_texts import EditedMessages
from messaging.domain.health import Condition
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.stores.conversations import ChangedConversations, Changes, Commit, ListedPage, Page
from messaging.stores.firestore import link_notes, memberships, messages, positions, writes
from messaging.stores.firestore import recent_changes as changed
from messaging.stores.firestore.attachments.store import FirestoreAttachmentStore
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import query
from messaging.stores.firestore.client.transactions import Transactions
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversations import (
    conversation_name,
    decode_conversation,
)
from messaging.stores.firestore.documents.cursors import cursor_of, decode_cursor
from messaging.stores.firestore.documents.readable import decode_readable
from messaging.stores.firestore.reactions import FirestoreReactionStore
from messaging.stores.firestore.values import Reference
from messaging.stores.link_notes import LinkNotes
from messaging.stores.positions import Advanced, ChangedPositions
from messaging.stores.shared.witness import Witness


class FirestoreStore:
    """Implements `Store`.

    An instance belongs to the event loop that uses it first, until it is closed. It uses the
    emulator of `FIRESTORE_EMULATOR_HOST`, else Google's application default credentials.
    """

    def __init__(self, *, project: str, timeout: float = 4.0) -> None:
        """Create a store. `timeout` is the maximum seconds of any method."""
        self.timeout = timeout
        self.witness = Witness()
        self._connection = Connection(project=project, timeout=timeout)
        self._transactions = Transactions(self._connection)
        self._database = self._connection.database
        self.attachments = FirestoreAttachmentStore(self._connection)
        self.reactions = FirestoreReactionStore(self._connection)

    @property
    def connection(self) -> Connection:
        """Return the connection, which the other stores share."""
        return self._connection

    @property
    def transactions(self) -> Transactions:
        return self._transactions

    @property
    def condition(self) -> Condition:
        return self._connection.condition

    @property
    def seconds_since_answer(self) -> float:
        return self._connection.seconds_since_answer

    async def close(self) -> None:
        await self._transactions.close()
        await self._connection.close()

    async def now(self) -> datetime:
        return await self._connection.now("now")

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        mark = self.witness.begin()
        stored = await writes.create_conversation(self._connection, conversation)
        self.witness.committed(mark, stored)
        return stored

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        mark = self.witness.begin()
        found = await self._connection.get(
            "get_conversation", [conversation_name(self._database, conversation_id)]
        )
        if not found:
            self.witness.absent(mark, conversation_id)
            return None
        conversation = decode_conversation(found[0])
        self.witness.read(mark, conversation)
        return conversation

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        last: Sequence[object] = ()
        if cursor is not None:
            active_at, conversation_id = decode_cursor(cursor)
            last = (active_at, Reference(conversation_name(self._database, conversation_id)))
        mark = self.witness.begin()
        found = await self._connection.query(
            "list_conversations",
            self._database.root,
            query(
                "conversations",
                ("participant_ids", "contains", user_id),
                order_by=[("active_at", "descending"), ("__name__", "descending")],
                start_after=last,
                limit=limit,
            ),
        )
        page, _ = decode_readable(found, decode_conversation)
        self.witness.read(mark, *page)
        next_cursor = cursor_of(found[-1]) if len(found) == limit else None
        return Page(conversations=page, next_cursor=next_cursor)

    async def list_own_conversations(
        self, user_id: str, *, limit: int, people: int, cursor: str | None = None
    ) -> ListedPage:
        mark = self.witness.begin()
        page = await memberships.list_own(
            self._connection, user_id, limit=limit, people=people, cursor=cursor
        )
        self.witness.listed(mark, ((one.id, one.version) for one in page.conversations))
        return page

    async def list_memberships(
        self, user_id: str, *, limit: int, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await memberships.list_memberships(
            self._connection, user_id, limit=limit, personal=personal
        )
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        return found

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str], *, personal: bool = False
    ) -> Sequence[Membership]:
        mark = self.witness.begin()
        found = await memberships.get_memberships(
            self._connection, user_id, conversation_ids, personal=personal
        )
        self.witness.listed(mark, ((one.conversation_id, one.version) for one in found))
        return found

    async def list_companions(
        self, user_id: str, others: Sequence[str], *, most: int | None = None
    ) -> Sequence[Companion]:
        return await memberships.list_companions(self._connection, user_id, others, most=most)

    async def list_conversation_ids(self, *, after: str = "", limit: int) -> Sequence[str]:
        last = [Reference(conversation_name(self._database, after))] if after else []
        found = await self._connection.query(
            "list_conversation_ids",
            self._database.root,
            query(
                "conversations",
                order_by=[("__name__", "ascending")],
                start_after=last,
                limit=limit,
                only=["__name__"],
            ),
        )
        return [id_of(document) for document in found]

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        mark = self.witness.begin()
        answer = await changed.list_changed(self._connection, since)
        self.witness.read(mark, *answer.conversations)
        return answer

    async def page_changed_conversations(
        self, *, since: datetime
    ) -> AsyncIterator[ChangedConversations]:
        mark = self.witness.begin()
        async for page in changed.page_changed(self._connection, since):
            self.witness.read(mark, *page.conversations)
            yield page

    async def commit(self, commit: Commit) -> Conversation:
        mark = self.witness.begin()
        stored = await writes.commit(self._connection, commit)
        self.witness.committed(mark, stored)
        return stored

    async def set_preferences(self, conversation_id: str, user_id: str, changes: Changes) -> None:
        await writes.set_preferences(self._connection, conversation_id, user_id, changes)

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        await writes.set_blocked(self._connection, conversation_id, user_id, blocked=blocked)

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        return await messages.get(self._connection, conversation_id, message_ids)

    async def get_messages_of(self, wanted: Mapping[str, Sequence[str]]) -> Mapping[str, Message]:
        return await messages.get_of(self._connection, wanted)

    async def get_edited(self, conversation_id: str, ids: Sequence[str]) -> EditedMessages:
        return await messages.get_edited(self._connection, conversation_id, ids)

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        return await messages.list_range(
            self._connection, conversation_id, first_seq=first_seq, last_seq=last_seq
        )

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        return await messages.list_latest(self._connection, conversation_id, limit=limit)

    async def list_pinned_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        return await messages.list_pinned(self._connection, conversation_id, limit=limit)

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        return await messages.list_changed(
            self._connection, conversation_id, since=since, until=until, limit=limit
        )

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        return await messages.count_changed(
            self._connection, conversation_id, since=since, up_to=up_to
        )

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        return await positions.list_all(self._connection, conversation_id)

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        return await positions.get(self._connection, user_id, conversation_ids)

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        return await positions.list_changed(self._connection, user_id, since=since, limit=limit)

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        advanced = await positions.advance_read(
            self._connection, self._transactions, conversation_id, user_id, seq
        )
        self.witness.moved_position(conversation_id, user_id)
        return advanced

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        await positions.advance_delivered(self._connection, conversation_id, user_id, seq)
        self.witness.moved_position(conversation_id, user_id)

    async def set_flags(self, conversation_id: str, user_id: str, changes: Changes) -> None:
        await positions.set_flags(self._connection, conversation_id, user_id, changes)

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        await positions.limit_position(self._connection, conversation_id, user_id, seq)

    async def put_link_note(self, boot_id: str) -> None:
        await link_notes.put(self._connection, boot_id)

    async def delete_link_note(self, boot_id: str) -> None:
        await link_notes.delete(self._connection, boot_id)

    async def list_link_notes(self) -> LinkNotes:
        return await link_notes.list_current(self._connection)
