"""The Firestore store's writes to conversations, each in one commit."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.fields.codec import copier
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS
from messaging.domain.identifiers import random_id
from messaging.domain.participant import ReadPosition
from messaging.stores.conversations import Commit
from messaging.stores.firestore.attachments.documents import attach, release
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.errors import DocumentMissing
from messaging.stores.firestore.client.requests import Writes
from messaging.stores.firestore.documents.conversations import (
    changed_conversation,
    conversation_name,
    new_conversation,
)
from messaging.stores.firestore.documents.conversions import encode_preferences
from messaging.stores.firestore.documents.messages import (
    changed_message,
    encode_message,
    full_message,
    message_name,
)
from messaging.stores.firestore.documents.positions import new_position, position_name
from messaging.stores.firestore.reactions import put_reactions
from messaging.stores.firestore.values import plain_time, quoted, read_token
from messaging.stores.shared.commit_time import stamped_conversation

_MANY_PEOPLE = 50
_ACTIVITY_STEP = timedelta(minutes=1)
_copied = copier(Conversation, "commit_id", "counted", "active_at")


async def create_conversation(connection: Connection, conversation: Conversation) -> Conversation:
    created = _copied(
        conversation, commit_id=random_id(), counted=True, active_at=conversation.active_at
    )
    database = connection.database
    writes = Writes(database)
    for user_id in created.participants:
        position = new_position(ReadPosition(user_id=user_id))
        writes.set(position_name(database, created.id, user_id), position)
    if (first := created.last_message) is not None:
        writes.create(message_name(database, created.id, first.id), encode_message(first))
    writes.create(conversation_name(database, created.id), new_conversation(created))
    return await _commit(connection, "create_conversation", created, writes)


async def commit(connection: Connection, commit: Commit) -> Conversation:
    before, after = commit.before, _as_written(commit)
    if before.token is None:
        raise ValueError("A commit needs the token of a conversation that was read.")
    database = connection.database
    writes = Writes(database)
    for message in commit.created:
        earlier = commit.earlier.get(message.id, NO_EARLIER_TEXTS)
        name = message_name(database, after.id, message.id)
        writes.create(name, full_message(message, earlier))
    for message in commit.replaced:
        name = message_name(database, after.id, message.id)
        writes.put(name, *changed_message(message, commit.earlier.get(message.id)))
    for reactions in commit.reactions:
        put_reactions(writes, database, after.id, reactions)
    for position in commit.positions:
        name = position_name(database, after.id, position.user_id)
        writes.set(name, new_position(position))
    for attachment in commit.attached:
        attach(writes, database, attachment)
    for attachment_id in commit.released:
        release(writes, database, attachment_id, after.id)
    fields, mask = changed_conversation(before, after)
    writes.update(
        conversation_name(database, after.id), fields, mask, token=cast("int", before.token)
    )
    return await _commit(connection, "commit", after, writes)


async def set_preferences(
    connection: Connection, conversation_id: str, user_id: str, changes: Mapping[str, Any]
) -> None:
    database = connection.database
    writes = Writes(database)
    writes.update(
        conversation_name(database, conversation_id),
        {"preferences": {user_id: encode_preferences(changes)}},
        mask=[f"preferences.{quoted(user_id)}.{name}" for name in changes],
    )
    position = position_name(database, conversation_id, user_id)
    writes.merge(position, {"user_id": user_id, "updated_at": COMMIT_TIME})
    await _update(connection, "set_preferences", writes)


async def set_blocked(
    connection: Connection, conversation_id: str, user_id: str, *, blocked: bool
) -> None:
    database = connection.database
    writes = Writes(database)
    fields = {"blocked_by": {user_id: True}} if blocked else {}
    mask = [f"blocked_by.{quoted(user_id)}"]
    writes.update(conversation_name(database, conversation_id), fields, mask)
    await _update(connection, "set_blocked", writes)


async def _update(connection: Connection, operation: str, writes: Writes) -> None:
    """Update a conversation. Raises ConversationNotFound."""
    try:
        await connection.write(operation, writes)
    except DocumentMissing as error:
        raise ConversationNotFound from error


async def _commit(
    connection: Connection, operation: str, conversation: Conversation, writes: Writes
) -> Conversation:
    """Commit writes, the last of which is the conversation's, and return it as stored."""
    answer = await connection.commit(operation, writes)
    last = answer.write_results[-1]
    # Every transform requests the time of the request, so all have the same result.
    at = plain_time(last.transform_results[0].timestamp_value)
    return stamped_conversation(conversation, at, token=read_token(last.update_time))


def _as_written(commit: Commit) -> Conversation:
    """Return the conversation to be written. If it is large and has just moved in lists, its
    `active_at` stays.

    Conversation lists use an index with one entry per participant, and each move rewrites all of
    them. So above 50 people there is at most one move a minute.
    """
    before, after = commit.before, commit.after
    rests = (
        len(after.participants) > _MANY_PEOPLE
        and after.active_at is COMMIT_TIME
        # The clocks may differ. A clock that is far off must not block the move for ever.
        and abs(datetime.now(UTC) - before.active_at) < _ACTIVITY_STEP
    )
    active_at = before.active_at if rests else after.active_at
    return _copied(after, commit_id=commit.commit_id, counted=True, active_at=active_at)
