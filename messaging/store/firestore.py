"""The store on Cloud Firestore.

A send is one commit of two writes and no read: create the message, update the conversation on
condition that it is still as it was read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import (
    DELETE_FIELD,
    AsyncClient,
    AsyncCollectionReference,
    AsyncDocumentReference,
    AsyncQuery,
    AsyncTransaction,
    AsyncWriteBatch,
    DocumentSnapshot,
    FieldFilter,
)

from messaging.entities import COMMIT_TIME, Conversation, Message, Preferences, ReadPosition
from messaging.store import firestore_documents as documents
from messaging.store.base import Advanced, Commit, Page, stamped_conversation
from messaging.store.firestore_connection import Connection

_MANY_PEOPLE = 50
_ACTIVITY_STEP = timedelta(minutes=1)


class FirestoreStore:
    """Keeps the promises of `Store`.

    An instance belongs to the event loop that uses it first, until it is closed. It finds the
    emulator by `FIRESTORE_EMULATOR_HOST`, else credentials the way all Google clients do.
    """

    def __init__(self, *, project: str, timeout: float = 4.0) -> None:
        """`timeout`: seconds that any one method may take."""
        self._connection = Connection(project=project, timeout=timeout)

    async def close(self) -> None:
        await self._connection.close()

    async def ping(self) -> None:
        await self._get("ping", lambda client: client.document("health", "ping"))

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        def fill(client: AsyncClient, batch: AsyncWriteBatch) -> None:
            for user_id in conversation.participants:
                position = documents.new_position(ReadPosition(user_id=user_id))
                batch.set(_position(client, conversation.id, user_id), position)
            batch.create(
                _conversation(client, conversation.id), documents.new_conversation(conversation)
            )

        return await self._commit("create_conversation", conversation, fill)

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        snapshot = await self._get(
            "get_conversation", lambda client: _conversation(client, conversation_id)
        )
        return documents.read_conversation(snapshot) if snapshot.exists else None

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        last = documents.read_cursor(cursor) if cursor is not None else None

        def query(client: AsyncClient) -> AsyncQuery:
            mine = FieldFilter("participant_ids", "array_contains", user_id)
            ordered = (
                client.collection("conversations")
                .where(filter=mine)
                .order_by("active_at", direction=AsyncQuery.DESCENDING)
                .order_by("__name__", direction=AsyncQuery.DESCENDING)
            )
            if last is not None:
                active_at, conversation_id = last
                reference = _conversation(client, conversation_id)
                ordered = ordered.start_after({"active_at": active_at, "__name__": reference})
            return ordered.limit(limit + 1)  # one more tells whether there is a next page

        snapshots = await self._get("list_conversations", query)
        found = [documents.read_conversation(snapshot) for snapshot in snapshots[:limit]]
        more = len(snapshots) > limit
        return Page(
            conversations=found, next_cursor=documents.cursor_after(found[-1]) if more else None
        )

    async def commit(self, commit: Commit) -> Conversation:
        before, after = commit.before, _with_slow_activity(commit)
        if before.token is None:
            raise ValueError("A commit needs the token of a conversation that was read.")

        def fill(client: AsyncClient, batch: AsyncWriteBatch) -> None:
            for message in commit.created:
                batch.create(_message(client, after.id, message.id), documents.message(message))
            for message in commit.replaced:
                batch.set(_message(client, after.id, message.id), documents.message(message))
            for position in commit.positions:
                reference = _position(client, after.id, position.user_id)
                batch.set(reference, documents.new_position(position))
            batch.update(
                _conversation(client, after.id),
                documents.changed_conversation(before, after),
                option=client.write_option(last_update_time=before.token),
            )

        return await self._commit("commit", after, fill)

    async def set_preferences(
        self, conversation_id: str, user_id: str, preferences: Preferences
    ) -> None:
        default = preferences == Preferences()
        update = {
            AsyncClient.field_path("preferences", user_id): (
                DELETE_FIELD if default else documents.preferences(preferences)
            )
        }
        await self._connection.ask(
            "set_preferences",
            lambda client: _conversation(client, conversation_id).update(
                update, **self._connection.once
            ),
        )

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        snapshots = await self._get_existing(
            "get_messages",
            lambda client: [
                _message(client, conversation_id, message_id) for message_id in message_ids
            ],
        )
        return {snapshot.id: documents.read_message(snapshot) for snapshot in snapshots}

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        snapshots = await self._get(
            "list_messages",
            lambda client: (
                _messages(client, conversation_id)
                .where(filter=FieldFilter("seq", ">=", first_seq))
                .where(filter=FieldFilter("seq", "<=", last_seq))
                .order_by("seq")
            ),
        )
        return [documents.read_message(snapshot) for snapshot in snapshots]

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        snapshots = await self._get(
            "list_changed_messages",
            lambda client: (
                _messages(client, conversation_id)
                .where(filter=FieldFilter("version", ">", since))
                .where(filter=FieldFilter("version", "<=", until))
                .order_by("version")
                .limit(limit)
            ),
        )
        return [documents.read_message(snapshot) for snapshot in snapshots]

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        results = await self._get(
            "count_changed_messages",
            lambda client: (
                _messages(client, conversation_id)
                .where(filter=FieldFilter("version", ">", since))
                .limit(up_to)
                .count()
            ),
        )
        return int(results[0][0].value)

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        snapshots = await self._get(
            "list_read_positions",
            lambda client: _conversation(client, conversation_id).collection("participants"),
        )
        return [documents.read_position(snapshot) for snapshot in snapshots]

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        snapshots = await self._get_existing(
            "get_read_positions",
            lambda client: [
                _position(client, conversation_id, user_id) for conversation_id in conversation_ids
            ],
        )
        return {
            snapshot.reference.parent.parent.id: documents.read_position(snapshot)
            for snapshot in snapshots
        }

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        async def advance(client: AsyncClient, transaction: AsyncTransaction) -> Advanced:
            reference = _position(client, conversation_id, user_id)
            snapshot = await reference.get(transaction=transaction, **self._connection.once)
            position = (
                documents.read_position(snapshot)
                if snapshot.exists
                else ReadPosition(user_id=user_id)
            )
            if position.read_seq >= seq:
                return Advanced(position=position, moved=False)
            position = replace(
                position, read_seq=seq, delivered_seq=max(position.delivered_seq, seq)
            )
            transaction.set(reference, documents.position(position), merge=True)
            return Advanced(position=position, moved=True)

        return await self._connection.transact("advance_read", (conversation_id, user_id), advance)

    async def _get(self, operation: str, target: Callable[[AsyncClient], Any]) -> Any:
        """What a document reference, a query or a count yields."""
        return await self._connection.ask(
            operation, lambda client: target(client).get(**self._connection.once)
        )

    async def _get_existing(
        self,
        operation: str,
        references: Callable[[AsyncClient], Sequence[AsyncDocumentReference]],
    ) -> list[DocumentSnapshot]:
        """Those of the documents that exist, in one call and any order."""

        async def get(client: AsyncClient) -> list[DocumentSnapshot]:
            snapshots = client.get_all(references(client), **self._connection.once)
            return [snapshot async for snapshot in snapshots if snapshot.exists]

        return await self._connection.ask(operation, get)

    async def _commit(
        self,
        operation: str,
        conversation: Conversation,
        fill: Callable[[AsyncClient, AsyncWriteBatch], None],
    ) -> Conversation:
        """Commit writes of which the last one is the conversation's, and return it as stored."""
        results = await self._connection.commit(operation, fill)
        last = results[-1]
        # Every transform asks for the time of the request, so all of them have the same result.
        at = documents.plain_time(last.transform_results[0].timestamp_value)
        return stamped_conversation(conversation, at, token=last.update_time)


def _conversation(client: AsyncClient, conversation_id: str) -> AsyncDocumentReference:
    return client.document("conversations", conversation_id)


def _messages(client: AsyncClient, conversation_id: str) -> AsyncCollectionReference:
    return client.collection("conversations", conversation_id, "messages")


def _message(client: AsyncClient, conversation_id: str, message_id: str) -> AsyncDocumentReference:
    return client.document("conversations", conversation_id, "messages", message_id)


def _position(client: AsyncClient, conversation_id: str, user_id: str) -> AsyncDocumentReference:
    return client.document("conversations", conversation_id, "participants", user_id)


def _with_slow_activity(commit: Commit) -> Conversation:
    """The conversation to be written, with `active_at` at rest if it is large and just moved.

    Conversation lists are ordered by an index with one entry per participant. Each move rewrites
    them all, so above 50 people there is at most one a minute.
    """
    before, after = commit.before, commit.after
    if (
        len(after.participants) > _MANY_PEOPLE
        and after.active_at is COMMIT_TIME
        # The clocks may differ; one that is far off must not keep it at rest for ever.
        and abs(datetime.now(UTC) - before.active_at) < _ACTIVITY_STEP
    ):
        return replace(after, active_at=before.active_at)
    return after
