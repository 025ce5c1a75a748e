"""The marks of deletions that are not finished."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import DeletionRecord
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now


class DeletionStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def mark(self, conversation_id: str, *, due_after: float) -> None:
        """Mark a conversation whose deletion begins now. It is due after so many seconds."""
        await self._calls.write("mark_deletion", _mark, conversation_id, due_after)

    async def claim_due(self, *, limit: int, seconds: float) -> Sequence[str]:
        """Return marked conversations that are due, the oldest first. They are due again after so
        many seconds."""
        return await self._calls.write("claim_deletions", _claim_due, limit, seconds)

    async def unmark(self, conversation_id: str) -> None:
        """Remove the mark of a deletion that is finished. Idempotent."""
        await self._calls.write("unmark_deletion", _unmark, conversation_id)


def _mark(database: BaseDatabaseWrapper, conversation_id: str, due_after: float) -> None:
    due_at = now(database) + timedelta(seconds=due_after)
    DeletionRecord.objects.using(database.alias).update_or_create(
        conversation_id=conversation_id, defaults={"due_at": due_at}
    )


def _claim_due(database: BaseDatabaseWrapper, limit: int, seconds: float) -> Sequence[str]:
    at = now(database)
    records = DeletionRecord.objects.using(database.alias)
    due = records.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)
    found = list(due[:limit])
    if found:
        later = at + timedelta(seconds=seconds)
        records.filter(pk__in=found, due_at__lte=at).update(due_at=later)
    return found


def _unmark(database: BaseDatabaseWrapper, conversation_id: str) -> None:
    DeletionRecord.objects.using(database.alias).filter(pk=conversation_id).delete()
