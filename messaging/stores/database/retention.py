"""How far retention has come in each conversation, and the rules of single conversations, in
`DATABASE_URL`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists, OuterRef, Q
from django.db.transaction import atomic

from messaging.domain.conversation import ConversationKind
from messaging.domain.personal_data.retention import RetentionProgress
from messaging.models import RetentionRecord, RetentionRuleRecord, RetentionSweepRecord
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import Calls

_ONLY = 1
_DELETED_AT_ONCE = 1_000


class RetentionStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def begin_sweep(self, epoch: str) -> datetime | None:
        """Return up to when all conversations are known; None if none is. In another epoch of the
        store, nothing is known any more, and the progress is void: it is removed some rows at a
        time, as a call has a timeout."""
        while True:
            swept = await self._calls.write("begin_retention_sweep", _begin_sweep, epoch)
            if swept is not None:
                return swept.until

    async def end_sweep(self, epoch: str, swept_until: datetime) -> None:
        """Store how far a sweep of this epoch has come."""
        await self._calls.write("end_retention_sweep", _end_sweep, epoch, swept_until)

    async def add(self, conversations: Sequence[RetentionProgress]) -> None:
        """Add those of these conversations that are not known."""
        if conversations:
            await self._calls.write("add_retention", _add, conversations)

    async def list_due(
        self,
        kind: ConversationKind,
        *,
        before: datetime,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[RetentionProgress]:
        """Return conversations of a kind, without a rule of their own, whose next message may be
        from before a time: by (`oldest_at`, id), ascending, after such a pair."""
        return await self._calls.read("list_due_retention", _list_due, kind, before, after, limit)

    async def list_due_by_rule(
        self, *, now: datetime, after: str, limit: int
    ) -> tuple[Sequence[tuple[RetentionProgress, timedelta]], str | None]:
        """Look at the rules of `limit` conversations after this id. Return the conversations that
        may be due, each with how long it keeps messages, and the id to go on after; None at the
        end."""
        return await self._calls.read("list_retention_rules", _list_by_rule, now, after, limit)

    async def has_rules(self) -> bool:
        """Return whether a single conversation loses old messages."""
        return await self._calls.read("has_retention_rules", _has_rules)

    async def save(self, progress: RetentionProgress) -> None:
        """Store how far it has come. A conversation that was forgotten meanwhile stays so."""
        await self._calls.write("save_retention", _save, progress)

    async def forget(self, conversation_id: str) -> None:
        """Forget a conversation that was deleted: its next message may get the number 1 again."""
        await self._calls.write("forget_retention", _forget, conversation_id)


@dataclass(frozen=True, slots=True)
class _Swept:
    until: datetime | None


def _begin_sweep(database: BaseDatabaseWrapper, epoch: str) -> _Swept | None:
    """Return None if progress of another epoch may be left."""
    records = RetentionRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        sweep = lock_retention(database)
        if sweep.epoch != epoch:
            void = list(records.order_by("pk").values_list("pk", flat=True)[:_DELETED_AT_ONCE])
            if void:
                records.filter(pk__in=void).delete()
                return None
            sweep.epoch, sweep.swept_until = epoch, None
            sweep.save()
    return _Swept(sweep.swept_until)


def _end_sweep(database: BaseDatabaseWrapper, epoch: str, swept_until: datetime) -> None:
    with atomic(using=database.alias):
        sweep = lock_retention(database)
        if sweep.epoch == epoch:
            sweep.swept_until = swept_until
            sweep.save()


def lock_retention(database: BaseDatabaseWrapper) -> RetentionSweepRecord:
    """Return the only row of the sweep, locked until the end of the transaction."""
    records = RetentionSweepRecord.objects.using(database.alias)
    records.get_or_create(id=_ONLY)
    return records.select_for_update().get(id=_ONLY)


def _add(database: BaseDatabaseWrapper, conversations: Sequence[RetentionProgress]) -> None:
    RetentionRecord.objects.using(database.alias).bulk_create(
        (
            RetentionRecord(
                conversation_id=one.conversation_id,
                kind=one.kind.value,
                done_seq=one.done_seq,
                oldest_at=one.oldest_at,
            )
            for one in conversations
        ),
        ignore_conflicts=True,
    )


def _list_due(
    database: BaseDatabaseWrapper,
    kind: ConversationKind,
    before: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[RetentionProgress]:
    own_rule = RetentionRuleRecord.objects.filter(conversation_id=OuterRef("conversation_id"))
    records = RetentionRecord.objects.using(database.alias)
    due = records.filter(~Exists(own_rule), kind=kind.value, oldest_at__lt=before)
    if after is not None:
        at, id_ = after
        later = Q(oldest_at__gt=at) | Q(oldest_at=at, conversation_id__gt=id_)
        due = due.filter(later, oldest_at__gte=at)
    return [_progress(one) for one in due.order_by("oldest_at", "conversation_id")[:limit]]


def _list_by_rule(
    database: BaseDatabaseWrapper, now: datetime, after: str, limit: int
) -> tuple[list[tuple[RetentionProgress, timedelta]], str | None]:
    records = RetentionRuleRecord.objects.using(database.alias).filter(conversation_id__gt=after)
    rules = list(records.order_by("conversation_id")[:limit])
    lifetimes = {
        one.conversation_id: timedelta(days=one.days) for one in rules if one.days is not None
    }
    known = RetentionRecord.objects.using(database.alias).in_bulk(list(lifetimes))
    due = [
        (_progress(known[id_]), lifetime)
        for id_, lifetime in lifetimes.items()
        if id_ in known and known[id_].oldest_at < now - lifetime
    ]
    return due, rules[-1].conversation_id if len(rules) == limit else None


def _has_rules(database: BaseDatabaseWrapper) -> bool:
    return RetentionRuleRecord.objects.using(database.alias).filter(days__isnull=False).exists()


def _save(database: BaseDatabaseWrapper, progress: RetentionProgress) -> None:
    records = RetentionRecord.objects.using(database.alias)
    records.filter(conversation_id=progress.conversation_id).update(
        done_seq=progress.done_seq, oldest_at=progress.oldest_at
    )


def _forget(database: BaseDatabaseWrapper, conversation_id: str) -> None:
    RetentionRecord.objects.using(database.alias).filter(pk=conversation_id).delete()


def _progress(record: RetentionRecord) -> RetentionProgress:
    return RetentionProgress(
        conversation_id=record.conversation_id,
        kind=member_of(ConversationKind, record.kind),
        done_seq=record.done_seq,
        oldest_at=record.oldest_at,
    )
