"""Turns the old messages of one conversation into tombstones, in the order of their numbers.

It reads from the first message that is not done, in pages that grow, up to the first message that
is not too old. On Firestore, n old messages cost at most 2n + 1 reads to find and n to change, and
one more for each that was deleted before. A message therefore goes no earlier than those before it:
after an import, their times may be out of order.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from messaging.changes.interventions import ExpireMessage
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.message import Message
from messaging.domain.personal_data.jobs import Hold
from messaging.domain.personal_data.retention import RetentionProgress
from messaging.personal_data.holds import is_held
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import Progress
from messaging.personal_data.retention.due import Due
from messaging.personal_data.retention.pace import Pace

_LONGEST_PAGE = 200
_COUNTED = "counted"
"""The note of the conversation that was counted last: it may take several turns."""
_LATE = timedelta(minutes=1)
"""A message becomes visible some seconds after its time, at the latest."""


class HeldConversation(Exception):
    """A legal hold keeps the messages of the conversation."""


class ConversationRetention:
    def __init__(self, parts: Parts, job: Progress, pace: Pace, *, now: datetime) -> None:
        """Create it. `now` is a time of the store, from before this run reads anything."""
        self._parts = parts
        self._job = job
        self._pace = pace
        self._later_than = now - _LATE

    async def run(self, due: Due) -> None:
        """Change what is too old, and store how far it has come. Raises HeldConversation, Paused,
        LimitReached, LeaseLost, StoreUnavailable."""
        parts, id_ = self._parts, due.progress.conversation_id
        conversation = await parts.store.get_conversation(id_)
        if conversation is None:
            await parts.retention.forget(id_)
            return
        holds = await self._require_free(conversation)
        done_seq = min(due.progress.done_seq, conversation.seq)
        progress, size = replace(due.progress, done_seq=done_seq), 1
        while progress.done_seq < conversation.seq:
            last = min(progress.done_seq + size, conversation.seq)
            page = await parts.store.list_messages(
                id_, first_seq=progress.done_seq + 1, last_seq=last
            )
            old = list(takewhile(lambda one: one.created_at < due.before, page))
            while old:
                holds = await self._require_free(conversation, since=holds)
                some = old[: self._pace.require()]
                old = old[len(some) :]
                begun = time.monotonic()
                changed = await self._expire(conversation, some)
                # The same `oldest_at` until all is done: a run that pauses finds its place by it.
                progress = replace(progress, done_seq=some[-1].seq)
                await self._save(progress)
                await self._pace.rest(changed, since=begun)
            young = next((one for one in page if one.seq > progress.done_seq), None)
            if young is not None:
                await self._save(replace(progress, oldest_at=young.created_at))
                return
            progress = replace(progress, done_seq=last)
            size = min(size * 2, _LONGEST_PAGE)
        await self._save(replace(progress, oldest_at=self._later_than))

    async def _require_free(
        self, conversation: Conversation, *, since: Sequence[Hold] | None = None
    ) -> Sequence[Hold]:
        """Return the present legal holds. Raises HeldConversation if one keeps the messages. If
        they are as at the last look, they do not."""
        holds = await self._parts.jobs.list_holds()
        if holds != since and await is_held(conversation, holds, store=self._parts.store):
            raise HeldConversation
        return holds

    async def _expire(self, conversation: Conversation, messages: Sequence[Message]) -> int:
        """Turn messages into tombstones, and remove the digest of the content from those that are
        tombstones. Return how many messages that changed."""
        parts = self._parts
        reactions = parts.store.reactions
        new = [one for one in messages if one.deleted_at is None]
        changed = [one for one in messages if one.deleted_at is None or one.content_hash]
        await self._submit(conversation.id, [ExpireMessage(message_id=one.id) for one in changed])
        left = [one.id for one in new if one.reactions]
        if len(new) < len(messages):
            # A process that was killed after such a commit has left the reactions.
            before = [one.id for one in messages if one.deleted_at is not None]
            left += await reactions.list_messages_with_reactions(conversation.id, before)
        for message_id in left:
            await reactions.remove_reactions(conversation.id, message_id)
        # Also of those that a killed process has changed: the index removes them some time later.
        seqs = [one.seq for one in messages]
        found = await parts.traces.remove_from_search(conversation.id, seqs)
        kind, is_first = conversation.kind.value, False
        if new:
            is_first = self._job.job.notes.get(_COUNTED) != conversation.id
            self._job.note(**{_COUNTED: conversation.id})
        self._job.count(
            {
                f"{kind}_messages": len(new),
                f"{kind}_conversations": int(is_first),
                "attachments": sum(len(one.attachments) for one in new),
                "search_entries": found,
            }
        )
        if any(one.attachments for one in new):
            parts.attachments.sweep.wake()
        return len(changed)

    async def _submit(self, conversation_id: str, changes: Sequence[ExpireMessage]) -> None:
        """Commit changes together. A conversation that is gone needs none."""
        submitted = (self._parts.writer.submit(conversation_id, one) for one in changes)
        for result in await asyncio.gather(*submitted, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, ConversationNotFound):
                raise result

    async def _save(self, progress: RetentionProgress) -> None:
        await self._parts.retention.save(progress)
        self._job.advance()
        await self._job.save()
