"""The marks of deletions that are not finished."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import DeletionRecord
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now


class DeletionStore:
    """The time at which a mark is due tells it from a later mark of the same conversation.

    Every method may raise `StoreUnavailable`; none of them blocks the event loop.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def mark(self, conversation_id: str, *, due_after: float) -> datetime:
        """Mark a conversation whose deletion begins now. Return when the mark is due: after so many
        seconds."""
        return await self._calls.write("mark_deletion", _mark, conversation_id, due_after)

    async def claim_due(self, *, limit: int, seconds: float) -> Mapping[str, datetime]:
        """Return marked conversations that are due, the oldest first, each with the time at which
        it is due again: after so many seconds."""
        return await self._calls.write("claim_deletions", _claim_due, limit, seconds)

    async def list_marked(self, *, after: str, limit: int) -> Mapping[str, datetime]:
        """Return marked conversations after this id, by id, each with when its mark is due."""
        return await self._calls.read("list_deletions", _list_marked, after, limit)

    async def unmark(self, conversation_id: str, due_at: datetime) -> None:
        """Remove the mark of a deletion that is finished, unless another one has marked or claimed
        the conversation since. Idempotent."""
        await self._calls.write("unmark_deletion", _unmark, conversation_id, due_at)


def _mark(database: BaseDatabaseWrapper, conversation_id: str, due_after: float) -> datetime:
    due_at = now(database) + timedelta(seconds=due_after)
    DeletionRecord.objects.using(database.alias).update_or_create(
        conversation_id=conversation_id, defaults={"due_at": due_at}
    )
    return due_at


def _claim_due(database: BaseDatabaseWrapper, limit: int, seconds: float) -> Mapping[str, datetime]:
    at = now(database)
    records = DeletionRecord.objects.using(database.alias)
    due = records.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)
    found = list(due[:limit])
    later = at + timedelta(seconds=seconds, microseconds=1)  # marks have whole milliseconds
    if found:
        records.filter(pk__in=found, due_at__lte=at).update(due_at=later)
    return dict.fromkeys(found, later)


def _list_marked(database: BaseDatabaseWrapper, after: str, limit: int) -> Mapping[str, datetime]:
    records = DeletionRecord.objects.using(database.alias).filter(conversation_id__gt=after)
    listed = records.order_by("conversation_id").values_list("conversation_id", "due_at")
    return dict(listed[:limit])


def _unmark(database: BaseDatabaseWrapper, conversation_id: str, due_at: datetime) -> None:
    records = DeletionRecord.objects.using(database.alias)
    records.filter(pk=conversation_id, due_at=due_at).delete()
