"""Copies what processes have recorded as changed during a move."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from messaging.concurrency.retries import retried
from messaging.exchange.lines import encode
from messaging.services.copying.conversations import ConversationCopy
from messaging.services.copying.files import copy_files
from messaging.services.copying.people import copy_reports, get_people, get_reports
from messaging.stores import Stores
from messaging.stores.damage import UNREADABLE, Damaged
from messaging.stores.decisions import ChunkKey
from messaging.stores.switching import writes
from messaging.stores.switching.writes import parts_of

_AT_ONCE = 16
_DECISIONS_KEPT = timedelta(days=7)
"""Decisions are only made during a few days after a message."""


class TouchedCopy:
    def __init__(self, source: Stores, target: Stores) -> None:
        self._source = source
        self._target = target
        self._conversations = ConversationCopy(source, target)
        self._copies: dict[str, Callable[[str], Awaitable[bool]]] = {
            writes.CONVERSATION: self._copy_conversation,
            writes.PERSON: self._copy_person,
            writes.REPORT: self._copy_report,
            writes.REPORTS: self._copy_reports,
            writes.ATTACHMENT: self._copy_attachment,
            writes.REACTIONS: self._remove_reactions,
            writes.REACTIONS_OF: self._remove_reactions_of,
            writes.DECISIONS: self._copy_decisions,
            writes.DECISIONS_OF: self._remove_decision,
        }

    async def copy(self, keys: Iterable[str]) -> int:
        """Make what these keys name equal in the copy. Return how much of it differed.

        Raises CopyAhead, CopyChanged, ChangesTooFast, Damaged, UnreadableRecords, StoreUnavailable.
        """
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for key in keys:
            kind, rest = parts_of(key)
            by_kind[kind].append(rest)
        different = 0
        for kind, copy in self._copies.items():
            different += await _all_of(copy, by_kind.pop(kind, ()))
        assert not by_kind, f"unknown kinds of keys: {sorted(by_kind)}"
        return different

    async def _copy_conversation(self, conversation_id: str) -> bool:
        try:
            copied = await self._conversations.copy(conversation_id)
        except UNREADABLE as error:
            raise Damaged(conversation_id, "something", error) from error
        return copied.changed

    async def _copy_person(self, user_id: str) -> bool:
        there = (await get_people(self._source, [user_id])).get(user_id)
        here = (await get_people(self._target, [user_id])).get(user_id)
        if there is None:
            if here is not None:
                await retried(self._target.copying.remove_person, user_id)
            return here is not None
        if here is not None and encode(here) == encode(there):
            return False
        await retried(self._target.copying.write_person, there)
        return True

    async def _copy_report(self, report_id: str) -> bool:
        there = (await get_reports(self._source, [report_id])).get(report_id)
        here = (await get_reports(self._target, [report_id])).get(report_id)
        if there is None or (here is not None and encode(here) == encode(there)):
            return False
        await retried(self._target.copying.write_report, there)
        return True

    async def _copy_reports(self, _: str) -> bool:
        return await copy_reports(self._source, self._target) > 0

    async def _copy_attachment(self, attachment_id: str) -> bool:
        return await copy_files(self._source, self._target, [attachment_id]) > 0

    async def _remove_reactions(self, rest: str) -> bool:
        conversation_id, message_id = rest.split("/")
        await retried(
            self._target.conversations.reactions.remove_reactions, conversation_id, message_id
        )
        return False

    async def _remove_reactions_of(self, user_id: str) -> bool:
        return await retried(self._target.erasure.remove_reactions, user_id) > 0

    async def _copy_decisions(self, rest: str) -> bool:
        """Copy the decisions of a chunk. They are only compared with each other by who they are
        about: a later state of a decision is recorded again."""
        conversation_id, message_id, chunk = rest.split("/")
        key = ChunkKey(conversation_id=conversation_id, message_id=message_id, chunk=int(chunk))
        there = await retried(self._source.decisions.list_decisions, conversation_id, message_id)
        here = await retried(self._target.decisions.list_decisions, conversation_id, message_id)
        different = {
            user_id: decision
            for user_id, decision in there.items()
            if decision.chunk == key.chunk and here.get(user_id) != decision
        }
        if not different:
            return False
        expires_at = datetime.now(UTC) + _DECISIONS_KEPT
        await retried(self._target.decisions.record, key, different, expires_at=expires_at)
        return True

    async def _remove_decision(self, rest: str) -> bool:
        conversation_id, message_id, user_id = rest.split("/", 2)
        removed = await retried(
            self._target.erasure.remove_decisions, conversation_id, [message_id], user_id
        )
        return removed > 0


async def _all_of(copy: Callable[[str], Awaitable[bool]], ids: Sequence[str]) -> int:
    """Copy some at a time. Return how many differed."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(id_: str) -> bool:
        async with places:
            return await copy(id_)

    try:
        async with asyncio.TaskGroup() as together:
            tasks = [together.create_task(one(id_)) for id_ in ids]
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    return sum(task.result() for task in tasks)
