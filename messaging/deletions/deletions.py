"""Deletions: removes the messages, read positions and files of conversations that were deleted.

A mark is stored before the commit that empties a conversation, and removed when nothing is left. If
the process ends in between, another one finds the mark. Two that remove the same do no harm. A
conversation that is being loaded has such a mark too.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from messaging.attachments.attachments import Attachments
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.deletions.abandoned_loads import AbandonedLoads
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.files.stored_attachment import AttachmentStatus
from messaging.stores import Stores
from messaging.stores.database.deletions import DeletionStore
from messaging.stores.database.retention import RetentionStore
from messaging.stores.exchange import is_shell

logger = structlog.get_logger(__name__)

_DUE_SECONDS = 60.0
"""When a mark is due. By then, the commit was applied or never will be."""
_SECONDS = (20.0, 40.0)
_FIRST_SECONDS = (1.0, 5.0)
"""The pause before the first sweep: an instance may replace one that was killed."""
_LATE = timedelta(days=1)
"""How long after a message was sent a decision about it may be made."""
_AT_ONCE = 300
_CONVERSATIONS = 20


class Deletions:
    """Works without `start`, except the sweep."""

    def __init__(
        self,
        stores: Stores,
        attachments: Attachments,
        *,
        decisions_kept: timedelta = timedelta(0),
    ) -> None:
        """Create it. `decisions_kept` is how long decisions about notifications are kept: those of
        earlier messages have expired."""
        self._store = stores.conversations
        self._catalogue = stores.catalogue
        self._attachments = attachments
        self._marks = DeletionStore(stores.database)
        self._retention = RetentionStore(stores.database)
        self._loads = AbandonedLoads(stores.exchange, stores.catalogue, attachments.store)
        self._decisions_kept = decisions_kept
        self._task: asyncio.Task[None] | None = None
        self._has_swept = False

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="deletions.sweep_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None

    async def begin(self, conversation_id: str) -> datetime:
        """Store the mark, and return when it is due. Call this before the commit that empties the
        conversation. Raises StoreUnavailable."""
        return await self._marks.mark(conversation_id, due_after=_DUE_SECONDS)

    async def abandon(self, conversation_id: str, due_at: datetime) -> None:
        """Remove the mark that is due then: the commit was refused. Raises StoreUnavailable."""
        await self._marks.unmark(conversation_id, due_at)

    async def complete(self, conversation_id: str, due_at: datetime) -> None:
        """Remove what an emptied conversation has left, and the mark that is due then. The mark of
        another deletion stays. Idempotent. Raises StoreUnavailable: then a sweep completes it."""
        await self._release_files(conversation_id)
        since = await self._store.now() - self._decisions_kept - _LATE
        while await self._catalogue.delete_messages(
            conversation_id, limit=_AT_ONCE, decided_since=since
        ):
            pass
        await self._retention.forget(conversation_id)
        await self._marks.unmark(conversation_id, due_at)

    async def sweep(self) -> int:
        """Complete the deletions that are due, and return their number. One that fails is due again
        later, and holds up no others. Raises StoreUnavailable if the marks cannot be read."""
        completed = 0
        while due := await self._marks.claim_due(limit=_CONVERSATIONS, seconds=_DUE_SECONDS):
            for conversation_id, due_at in due.items():
                try:
                    completed += await self._settle(conversation_id, due_at)
                except StoreUnavailable:
                    pass  # logged where it was noticed
                except Exception:
                    logger.exception(
                        "conversation.deletion_failed", conversation_id=conversation_id
                    )
        return completed

    async def _settle(self, conversation_id: str, due_at: datetime) -> bool:
        """Complete a deletion whose mark is due, or remove a load that was given up. Return False
        if there is nothing to remove. Raises StoreUnavailable."""
        conversation = await self._store.get_conversation(conversation_id)
        if conversation is None or not _is_empty(conversation):
            await self._marks.unmark(conversation_id, due_at)  # it ended before its commit
            return False
        if is_shell(conversation):
            if not await self._loads.remove(conversation):
                return False  # the load goes on, or a person has blocked another
            await self._marks.unmark(conversation_id, due_at)
            logger.info("conversation.load_removed", conversation_id=conversation_id)
            return True
        await self.complete(conversation_id, due_at)
        logger.info("conversation.deletion_completed", conversation_id=conversation_id)
        return True

    async def _step(self) -> None:
        await asyncio.sleep(random.uniform(*(_SECONDS if self._has_swept else _FIRST_SECONDS)))
        self._has_swept = True
        with suppress(StoreUnavailable):  # logged where it was noticed; the next step tries again
            await self.sweep()

    async def _release_files(self, conversation_id: str) -> None:
        """Mark all attachments of the conversation, so that their sweep removes the files."""
        store = self._attachments.store
        while attachments := await store.list_shared(conversation_id, first_seq=0, limit=_AT_ONCE):
            for one in attachments:
                await store.replace(
                    one,
                    replace(one, status=AttachmentStatus.DELETED, seq=None, sweep_at=COMMIT_TIME),
                )
        self._attachments.sweep.wake()


def _is_empty(conversation: Conversation) -> bool:
    """Return whether the commit of a deletion was applied. A group that everybody has left keeps
    the number of its messages."""
    return not conversation.participants and conversation.seq == 0
