"""The audit trail in `DATABASE_URL`: entries are only added, and old ones removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.personal_data.audit import (
    KEPT_AT_LEAST,
    Actor,
    ActorKind,
    AuditEntry,
    StoredEntry,
)
from messaging.models import AuditEntryRecord, AuditSubjectRecord
from messaging.models.lengths import OPERATOR_LENGTH
from messaging.models.personal_data import ACTION_LENGTH, REASON_LENGTH, REQUEST_LENGTH
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

_DELETED_AT_ONCE = 1_000
# One look into the index for each action. DISTINCT would read the whole table.
_ACTIONS = """WITH RECURSIVE found(action) AS (
        SELECT MIN(action) FROM messaging_audit_entry
        UNION ALL
        SELECT (SELECT MIN(entry.action) FROM messaging_audit_entry AS entry
            WHERE entry.action > found.action)
        FROM found WHERE found.action IS NOT NULL
    )
    SELECT action FROM found WHERE action IS NOT NULL LIMIT %s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """The entries that a list shows; None and empty fields do not filter."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    action: str = ""
    person_id: str = ""
    conversation_id: str = ""


EVERYTHING = AuditFilter()


class AuditTrail:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def record(self, *entries: AuditEntry) -> None:
        """Add entries, with the database's time."""
        await self._calls.write("record_audit", write_entries, entries)

    async def list_entries(
        self, which: AuditFilter = EVERYTHING, *, limit: int, after: int = 0
    ) -> Sequence[StoredEntry]:
        """Return the first entries with a number above `after`, the oldest first."""
        return await self._calls.read("list_audit", _list, which, limit, after)

    async def purge(self, *, older_than: timedelta) -> int:
        """Delete some entries of this age by the database's clock, and return how many; 0 if none
        is left. Raises ValueError below 30 days."""
        return await self._calls.write("purge_audit", _purge, older_than)

    async def replace_person(self, user_id: str, erased_id: str) -> int:
        """Name a person by another id in all entries. Return 1 if there were entries."""
        return await self._calls.write("erase_audit", _replace_person, user_id, erased_id)


def write_entries(database: BaseDatabaseWrapper, entries: Sequence[AuditEntry]) -> None:
    """Add entries on this connection, in its transaction if there is one."""
    people = sorted({one.person_id for one in entries if one.person_id is not None})
    with atomic(using=database.alias):
        known = _subjects(database, people)
        while missing := [one for one in people if one not in known]:
            # An erasure may rename a row at this moment. Then the entry gets a new one.
            AuditSubjectRecord.objects.using(database.alias).bulk_create(
                [AuditSubjectRecord(user_id=one) for one in missing], ignore_conflicts=True
            )
            known = _subjects(database, people)
        at = now(database)
        AuditEntryRecord.objects.using(database.alias).bulk_create(
            AuditEntryRecord(
                at=at,
                actor_kind=one.actor.kind.value,
                actor=one.actor.name[:OPERATOR_LENGTH],
                action=one.action[:ACTION_LENGTH],
                person_id=None if one.person_id is None else known[one.person_id],
                conversation_id=one.conversation_id,
                message_id=one.message_id,
                reason=one.reason[:REASON_LENGTH],
                failure=one.failure[:ACTION_LENGTH],
                detail=dict(one.detail),
                request_id=one.request_id[:REQUEST_LENGTH],
            )
            for one in entries
        )


def list_actions(database: BaseDatabaseWrapper, *, limit: int) -> Sequence[str]:
    """Return the actions that the trail has, ascending."""
    with database.cursor() as cursor:
        cursor.execute(_ACTIONS, [limit])
        return [action for (action,) in cursor.fetchall()]


def _subjects(database: BaseDatabaseWrapper, people: Sequence[str]) -> dict[str, int]:
    """Return the row of each person who has one; of an erased person, one of their rows."""
    if not people:
        return {}
    found = AuditSubjectRecord.objects.using(database.alias).filter(user_id__in=people)
    return dict(found.values_list("user_id", "pk"))


def _list(
    database: BaseDatabaseWrapper, which: AuditFilter, limit: int, after: int
) -> list[StoredEntry]:
    wanted: dict[str, Any] = {
        "id__gt": after,
        "at__gte": which.since,
        "at__lt": which.until,
        "actor": which.actor,
        "action": which.action,
        "person__user_id": which.person_id,
        "conversation_id": which.conversation_id,
    }
    records = AuditEntryRecord.objects.using(database.alias).select_related("person")
    listed = records.filter(**{name: value for name, value in wanted.items() if value})
    return [stored_entry(record) for record in listed.order_by("id")[:limit]]


def stored_entry(record: AuditEntryRecord) -> StoredEntry:
    """Return the entry of a row."""
    return StoredEntry(
        number=record.pk,
        at=record.at,
        entry=AuditEntry(
            actor=Actor(kind=member_of(ActorKind, record.actor_kind), name=record.actor),
            action=record.action,
            person_id=None if record.person is None else record.person.user_id,
            conversation_id=record.conversation_id,
            message_id=record.message_id,
            reason=record.reason,
            failure=record.failure,
            detail=record.detail,
            request_id=record.request_id,
        ),
    )


def _purge(database: BaseDatabaseWrapper, older_than: timedelta) -> int:
    if older_than < KEPT_AT_LEAST:
        raise ValueError(f"Entries of the last {KEPT_AT_LEAST.days} days are always kept.")
    with atomic(using=database.alias):
        before = now(database) - older_than
        records = AuditEntryRecord.objects.using(database.alias)
        old = list(records.filter(at__lt=before).values_list("pk", flat=True)[:_DELETED_AT_ONCE])
        records.filter(pk__in=old).delete()
        if not old:
            _remove_unnamed(database)
    return len(old)


def _remove_unnamed(database: BaseDatabaseWrapper) -> None:
    """Remove the people whom no entry names any more."""
    named = AuditEntryRecord.objects.using(database.alias).filter(person__isnull=False)
    subjects = AuditSubjectRecord.objects.using(database.alias)
    subjects.exclude(pk__in=named.values("person_id")).delete()


def _replace_person(database: BaseDatabaseWrapper, user_id: str, erased_id: str) -> int:
    records = AuditSubjectRecord.objects.using(database.alias).filter(user_id=user_id)
    return records.update(user_id=erased_id)
