"""One suite for all stores, and the conversations with which it tries them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import content_hash, derived_id, random_id
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Role
from messaging.domain.reports import Report
from messaging.stores.conversations import Commit

T = TypeVar("T")


async def eventually(ask: Callable[[], Awaitable[T]], *, seconds: float = 10) -> T:
    """What the store answers once it is available again."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await ask()
        except StoreUnavailable:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


def new_conversation(
    *user_ids: str, active_at: datetime = COMMIT_TIME, title: str | None = "Tea"
) -> Conversation:
    """A group that is not stored yet; the first of its people owns it."""
    return Conversation(
        id=random_id(),
        kind=ConversationKind.GROUP,
        title=title,
        participants=people(*user_ids),
        created_at=COMMIT_TIME,
        updated_at=COMMIT_TIME,
        active_at=active_at,
        content_hash=content_hash(*user_ids),
    )


def new_attachment(
    conversation_id: str,
    *,
    owner_id: str = "ann",
    status: AttachmentStatus = AttachmentStatus.READY,
    message_seq: int | None = None,
    sweep_at: datetime | None = COMMIT_TIME,
) -> StoredAttachment:
    """One that is not stored yet."""
    return StoredAttachment(
        id=random_id(),
        conversation_id=conversation_id,
        owner_id=owner_id,
        filename="tea.jpg",
        content_type="image/jpeg",
        size=48_213,
        created_at=COMMIT_TIME,
        status=status,
        part="0" * 32,
        width=640,
        height=480,
        has_thumbnail=True,
        message_id=None if message_seq is None else random_id(),
        seq=message_seq,
        sweep_at=sweep_at,
    )


def new_report(reporter_id: str, *, author_id: str = "eve") -> Report:
    """Of one message, whoever reports it."""
    return Report(
        id=derived_id("report", reporter_id, author_id),
        conversation_id=derived_id("conversation"),
        message_id=derived_id("message", author_id),
        author_id=author_id,
        reporter_id=reporter_id,
        reason=f"{reporter_id} does not like it",
        created_at=COMMIT_TIME,
    )


def people(*user_ids: str) -> Mapping[str, Participant]:
    return {
        user_id: Participant(
            user_id=user_id, role=Role.MEMBER if index else Role.OWNER, joined_version=0
        )
        for index, user_id in enumerate(user_ids)
    }


def sending(before: Conversation, *texts: str, sender: str = "ann") -> Commit:
    """The commit of a message for each text, as the writer would make it."""
    created = [
        Message(
            id=random_id(),
            conversation_id=before.id,
            seq=before.seq + number,
            version=before.version + number,
            sender_id=sender,
            client_id=f"client-{before.seq + number}",
            text=text,
            reply_to=None,
            mentions=(),
            created_at=COMMIT_TIME,
            content_hash=content_hash(text),
            created_version=before.version + number,
        )
        for number, text in enumerate(texts, 1)
    ]
    after = replace(
        before,
        seq=before.seq + len(texts),
        version=before.version + len(texts),
        active_at=COMMIT_TIME,
        last_message=created[-1],
        sent_seq={**before.sent_seq, sender: before.seq + len(texts)},
    )
    return Commit(before=before, after=after, created=created)


def editing(before: Conversation, message: Message, text: str) -> Commit:
    """The commit that gives a message another text."""
    version = before.version + 1
    edited = replace(message, text=text, version=version, edited_at=COMMIT_TIME)
    last = before.last_message
    after = replace(
        before,
        version=version,
        last_message=edited if last is not None and last.id == message.id else last,
    )
    return Commit(before=before, after=after, replaced=[edited])


def deleting(before: Conversation, message: Message) -> Commit:
    """The commit that leaves a message's tombstone."""
    version = before.version + 1
    tombstone = replace(message, text=None, version=version, deleted_at=COMMIT_TIME)
    last = before.last_message
    after = replace(
        before,
        version=version,
        last_message=tombstone if last is not None and last.id == message.id else last,
    )
    return Commit(before=before, after=after, replaced=[tombstone])
