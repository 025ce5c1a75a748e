"""Keeps one store equal to another one, in which people chat.

A pass compares everything, and writes what differs. After it, rounds copy the conversations that
have changed since; people, settings and positions have no list of changes, so that only the next
pass copies them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import LRUCache

from messaging.concurrency.retries import retried
from messaging.services.copying.conversations import ConversationCopy, CopyChanged
from messaging.services.copying.files import copy_due_files
from messaging.services.copying.people import copy_people, copy_reports
from messaging.services.copying.placement import CopyAhead, NotACopy, claim, epoch_of
from messaging.services.exchange.conversation_reading import ChangesTooFast
from messaging.stores import Stores
from messaging.stores.damage import UNREADABLE, Damaged
from messaging.stores.epochs import Epoch
from messaging.stores.exchange import is_shell

__all__ = ["ChangesTooFast", "CopyAhead", "CopyChanged", "CopyCounts", "NotACopy", "StoreCopy"]

_IDS = 200
_AT_ONCE = 8
"""The conversations that are copied at the same time."""
_MAX_KNOWN = 10_000


@dataclass(slots=True, kw_only=True)
class CopyCounts:
    """How much was compared and written."""

    people: int = 0
    """The people who were written or removed."""
    compared: int = 0
    """The conversations that were looked at, however often."""
    conversations: int = 0
    """The conversations of which something was written."""
    messages: int = 0
    files: int = 0
    """The attachments that changed without their message."""
    reports: int = 0
    behind: int = 0
    """The conversations that changed too fast to be copied, in the latest pass."""
    different: int = 0
    """The conversations whose hash differed, and that were copied anew."""


class StoreCopy:
    def __init__(
        self,
        source: Stores,
        target: Stores,
        *,
        on_progress: Callable[[CopyCounts], object] = lambda _: None,
    ) -> None:
        """Create it. `on_progress` is called after each conversation."""
        self._source = source
        self._target = target
        self._conversations = ConversationCopy(source, target)
        self._on_progress = on_progress
        self._epoch: Epoch | None = None
        self._known: LRUCache[str, int] = LRUCache(_MAX_KNOWN)
        """The versions that `follow` has copied."""
        self._since: datetime | None = None
        self.counts = CopyCounts()
        self.damaged: dict[str, str] = {}
        """The conversations that cannot be read in one of the stores, by id: what was wrong at the
        latest look. The copy does not have their present state."""

    async def copy_everything(self) -> None:
        """Compare everything once, and write what differs.

        Raises NotACopy, CopyAhead, CopyChanged, UnreadableRecords, StoreUnavailable.
        """
        self._epoch = await claim(self._source, self._target)
        now = await retried(self._source.conversations.now)
        self.counts.behind = 0
        self.damaged = {}
        self.counts.people += await copy_people(self._source, self._target)
        self._on_progress(self.counts)
        async for ids in self._pages():
            for start in range(0, len(ids), _AT_ONCE):
                await self._copy_together(ids[start : start + _AT_ONCE])
        self.counts.files += await copy_due_files(self._source, self._target)
        self.counts.reports += await copy_reports(self._source, self._target)
        self._since = min(self._since or now, now)

    async def follow(self) -> None:
        """Copy the conversations that have changed since the latest pass or round. Raises as
        `copy_everything`."""
        if await epoch_of(self._source) != self._epoch:
            raise NotACopy
        store = self._source.conversations
        assert self._since is not None, "A pass comes first."
        # A commit becomes visible up to `timeout` after its time, or somewhat more.
        since = self._since - timedelta(seconds=2 * store.timeout + 2)
        read_at: datetime | None = None
        async for page in store.page_changed_conversations(since=since):
            read_at = min(read_at or page.read_at, page.read_at)
            self.damaged |= dict.fromkeys(page.unreadable, "it cannot be read")
            for one in page.conversations:
                known = self._known.get(one.id) == one.version
                if not known and not is_shell(one) and await self._copy(one.id):
                    self._known[one.id] = one.version
        self._since = read_at

    async def verify(self) -> list[str]:
        """Compare all conversations by their hash, copy those again that differ, and return the ids
        of those that differ still. Raises as `copy_everything`."""
        wrong: list[str] = []
        async for ids in self._pages():
            for id_ in ids:
                same = await self._is_same(id_)
                if same is False:
                    self.counts.different += 1
                    await self._conversations.empty(id_)
                    await self._copy(id_)
                    same = await self._is_same(id_)
                if same is False:
                    wrong.append(id_)
                self.counts.behind += same is None and id_ not in self.damaged
                self.counts.compared += 1
                self._on_progress(self.counts)
        return wrong

    async def _copy_together(self, conversation_ids: Sequence[str]) -> None:
        try:
            async with asyncio.TaskGroup() as together:
                for id_ in conversation_ids:
                    together.create_task(self._copy(id_))
        except ExceptionGroup as several:
            raise several.exceptions[0] from several

    async def _copy(self, conversation_id: str) -> bool:
        """Copy a conversation. Return False if it changes too fast."""
        counts = self.counts
        try:
            copied = await self._conversations.copy(conversation_id)
            if copied.new and await self._conversations.is_same(conversation_id) is False:
                counts.different += 1
                await self._conversations.empty(conversation_id)
                copied = await self._conversations.copy(conversation_id)
        except ChangesTooFast:
            counts.behind += 1
            return False
        except (Damaged, *UNREADABLE) as error:
            self.damaged[conversation_id] = f"{type(error).__name__}: {error}"
            return False
        self.damaged.pop(conversation_id, None)
        counts.conversations += copied.changed
        counts.messages += copied.messages
        counts.compared += 1
        self._on_progress(counts)
        return True

    async def _is_same(self, conversation_id: str) -> bool | None:
        try:
            return await self._conversations.is_same(conversation_id)
        except ChangesTooFast:
            return None
        except (Damaged, *UNREADABLE) as error:
            self.damaged[conversation_id] = f"{type(error).__name__}: {error}"
            return None

    async def _pages(self) -> AsyncIterator[list[str]]:
        after, listed = "", self._source.conversations.list_conversation_ids
        while ids := await retried(listed, after=after, limit=_IDS):
            yield list(ids)
            after = ids[-1]
