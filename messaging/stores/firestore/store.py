"""The store on Cloud Firestore.

A send is one commit of two writes and no read: create the message, update the conversation on
condition that it is still as it was read.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.health import Condition
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition
from messaging.stores.conversations import (
    Advanced,
    ChangedConversations,
    ChangedPositions,
    Commit,
    LinkNotes,
    ListedPage,
    Page,
    stamped_conversation,
)
from messaging.stores.firestore import documents, link_notes, memberships
from messaging.stores.firestore import recent_changes as changed
from messaging.stores.firestore.client.connection import Connection, DocumentMissing
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction, Transactions
from messaging.stores.firestore.values import (
    SERVER_TIME,
    AtLeast,
    AtMost,
    Reference,
    plain_time,
    quoted,
    read_token,
)
from messaging.stores.witness import Witness

_MANY_PEOPLE = 50
_ACTIVITY_STEP = timedelta(minutes=1)


class FirestoreStore:
    """Keeps the promises of `Store`.

    An instance belongs to the event loop that uses it first, until it is closed. It finds the
    emulator by `FIRESTORE_EMULATOR_HOST`, else credentials the way all Google clients do.
    """

    def __init__(self, *, project: str, timeout: float = 4.0) -> None:
        """`timeout`: seconds that any one method may take."""
        self.timeout = timeout
        self.witness = Witness()
        self._connection = Connection(project=project, timeout=timeout)
        self._transactions = Transactions(self._connection)
        self._database = self._connection.database

    @property
    def connection(self) -> Connection:
        """For the stores beside this one, which share it."""
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
        conversation = replace(conversation, commit_id=random_id(), counted=True)
        writes = Writes(self._database)
        for user_id in conversation.participants:
            position = documents.new_position(ReadPosition(user_id=user_id))
            writes.set(self._position(conversation.id, user_id), position)
        writes.create(self._conversation(conversation.id), documents.new_conversation(conversation))
        return await self._commit("create_conversation", conversation, writes)

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        mark = self.witness.begin()
        found = await self._connection.get(
            "get_conversation", [self._conversation(conversation_id)]
        )
        if not found:
            self.witness.absent(mark, conversation_id)
            return None
        conversation = documents.read_conversation(found[0])
        self.witness.read(mark, conversation)
        return conversation

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        last: Sequence[object] = ()
        if cursor is not None:
            active_at, conversation_id = documents.read_cursor(cursor)
            last = (active_at, Reference(self._conversation(conversation_id)))
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
        page = [documents.read_conversation(document) for document in found]
        self.witness.read(mark, *page)
        full = len(page) == limit
        return Page(
            conversations=page, next_cursor=documents.cursor_after(page[-1]) if full else None
        )

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
        last = [Reference(self._conversation(after))] if after else []
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
        return [document.name.rpartition("/")[2] for document in found]

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        mark = self.witness.begin()
        answer = await changed.list_changed(self._connection, since)
        self.witness.read(mark, *answer.conversations)
        return answer

    async def commit(self, commit: Commit) -> Conversation:
        before, after = commit.before, _as_written(commit)
        if before.token is None:
            raise ValueError("A commit needs the token of a conversation that was read.")
        writes = Writes(self._database)
        for message in commit.created:
            writes.create(self._message(after.id, message.id), documents.message(message))
        for message in commit.replaced:
            writes.set(self._message(after.id, message.id), documents.message(message))
        for position in commit.positions:
            name = self._position(after.id, position.user_id)
            writes.set(name, documents.new_position(position))
        fields, mask = documents.changed_conversation(before, after)
        writes.update(self._conversation(after.id), fields, mask, token=cast("int", before.token))
        return await self._commit("commit", after, writes)

    async def set_preferences(
        self, conversation_id: str, user_id: str, changes: Mapping[str, Any]
    ) -> None:
        writes = Writes(self._database)
        writes.update(
            self._conversation(conversation_id),
            {"preferences": {user_id: documents.preferences(changes)}},
            mask=[f"preferences.{quoted(user_id)}.{name}" for name in changes],
        )
        position = self._position(conversation_id, user_id)
        writes.merge(position, {"user_id": user_id, "updated_at": SERVER_TIME})
        try:
            await self._connection.write("set_preferences", writes)
        except DocumentMissing as error:
            raise ConversationNotFound from error

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        writes = Writes(self._database)
        fields = {"blocked_by": {user_id: True}} if blocked else {}
        mask = [f"blocked_by.{quoted(user_id)}"]
        writes.update(self._conversation(conversation_id), fields, mask)
        try:
            await self._connection.write("set_blocked", writes)
        except DocumentMissing as error:
            raise ConversationNotFound from error

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        if not message_ids:
            return {}
        names = [self._message(conversation_id, message_id) for message_id in message_ids]
        found = await self._connection.get("get_messages", names)
        messages = [documents.read_message(document) for document in found]
        return {message.id: message for message in messages}

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        found = await self._connection.query(
            "list_messages",
            self._conversation(conversation_id),
            query(
                "messages",
                ("seq", ">=", first_seq),
                ("seq", "<=", last_seq),
                order_by=[("seq", "ascending")],
            ),
        )
        return [documents.read_message(document) for document in found]

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        found = await self._connection.query(
            "list_latest_messages",
            self._conversation(conversation_id),
            query("messages", order_by=[("seq", "descending")], limit=limit),
        )
        return [documents.read_message(document) for document in reversed(found)]

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        found = await self._connection.query(
            "list_changed_messages",
            self._conversation(conversation_id),
            query(
                "messages",
                ("version", ">", since),
                ("version", "<=", until),
                order_by=[("version", "ascending")],
                limit=limit,
            ),
        )
        return [documents.read_message(document) for document in found]

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        return await self._connection.count(
            "count_changed_messages",
            self._conversation(conversation_id),
            query("messages", ("version", ">", since), limit=up_to),
        )

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        found = await self._connection.query(
            "list_read_positions", self._conversation(conversation_id), query("participants")
        )
        return [documents.read_position(document) for document in found]

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        if not conversation_ids:
            return {}
        names = [self._position(conversation_id, user_id) for conversation_id in conversation_ids]
        found = await self._connection.get("get_read_positions", names)
        return {
            documents.conversation_id_of(document): documents.read_position(document)
            for document in found
        }

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        found, read_at = await self._connection.dated_query(
            "list_changed_positions",
            self._database.root,
            query(
                "participants",
                ("user_id", "==", user_id),
                ("updated_at", ">=", since),
                order_by=[("updated_at", "descending")],
                limit=limit,
                everywhere=True,
            ),
        )
        return ChangedPositions(
            positions={
                documents.conversation_id_of(document): documents.read_position(document)
                for document in found
            },
            read_at=read_at,
        )

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        name = self._position(conversation_id, user_id)

        async def advance(transaction: Transaction) -> Advanced:
            document = await transaction.get(name)
            position = (
                documents.read_position(document)
                if document is not None
                else ReadPosition(user_id=user_id)
            )
            if position.read_seq >= seq:
                # What a try wrote whose answer was lost is what the next one finds.
                moved = transaction.repeated and position.read_seq == seq
                return Advanced(position=position, moved=moved)
            position = replace(
                position, read_seq=seq, delivered_seq=max(position.delivered_seq, seq)
            )
            transaction.writes.merge(name, documents.moved_position(position))
            return Advanced(position=position, moved=True)

        advanced = await self._transactions.run("advance_read", name, advance)
        self.witness.moved_position(conversation_id, user_id)
        return advanced

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        writes = Writes(self._database)
        writes.merge(
            self._position(conversation_id, user_id),
            {"user_id": user_id, "delivered_seq": AtLeast(seq)},
        )
        await self._connection.write("advance_delivered", writes)
        self.witness.moved_position(conversation_id, user_id)

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        writes = Writes(self._database)
        fields = {"read_seq": AtMost(seq), "delivered_seq": AtMost(seq)}
        writes.update(self._position(conversation_id, user_id), fields, mask=[])
        with suppress(DocumentMissing):
            await self._connection.write("limit_position", writes)

    async def put_link_note(self, boot_id: str) -> None:
        await link_notes.put(self._connection, boot_id)

    async def delete_link_note(self, boot_id: str) -> None:
        await link_notes.delete(self._connection, boot_id)

    async def list_link_notes(self) -> LinkNotes:
        return await link_notes.list_current(self._connection)

    async def _commit(
        self, operation: str, conversation: Conversation, writes: Writes
    ) -> Conversation:
        """Commit writes of which the last one is the conversation's, and return it as stored."""
        mark = self.witness.begin()
        answer = await self._connection.commit(operation, writes)
        last = answer.write_results[-1]
        # Every transform asks for the time of the request, so all of them have the same result.
        at = plain_time(last.transform_results[0].timestamp_value)
        stored = stamped_conversation(conversation, at, token=read_token(last.update_time))
        self.witness.committed(mark, stored)
        return stored

    def _conversation(self, conversation_id: str) -> str:
        return self._database.document("conversations", conversation_id)

    def _message(self, conversation_id: str, message_id: str) -> str:
        return self._database.document("conversations", conversation_id, "messages", message_id)

    def _position(self, conversation_id: str, user_id: str) -> str:
        return self._database.document("conversations", conversation_id, "participants", user_id)


def _as_written(commit: Commit) -> Conversation:
    """The conversation to be written, with `active_at` at rest if it is large and just moved.

    Conversation lists are ordered by an index with one entry per participant. Each move rewrites
    them all, so above 50 people there is at most one a minute.
    """
    before = commit.before
    after = replace(commit.after, commit_id=commit.commit_id, counted=True)
    if (
        len(after.participants) > _MANY_PEOPLE
        and after.active_at is COMMIT_TIME
        # The clocks may differ; one that is far off must not keep it at rest for ever.
        and abs(datetime.now(UTC) - before.active_at) < _ACTIVITY_STEP
    ):
        return replace(after, active_at=before.active_at)
    return after
