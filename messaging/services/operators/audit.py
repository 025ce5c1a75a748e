"""The audit trail for operators: exported as JSON Lines, and shortened."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from messaging.domain.exceptions import InvalidRequest
from messaging.domain.personal_data.audit import (
    KEPT_AT_LEAST,
    Actor,
    ActorKind,
    AuditEntry,
    StoredEntry,
)
from messaging.stores.database.audit import EVERYTHING, AuditFilter, AuditTrail
from messaging.wire.representations import timestamp

_MAX_DAYS = 36_500
_PAGE = 1_000


def entry_line(stored: StoredEntry) -> str:
    """Return an entry as a line of JSON, without a line feed."""
    entry = stored.entry
    return orjson.dumps(
        {
            "number": stored.number,
            "at": timestamp(stored.at),
            "actor": {"kind": entry.actor.kind.value, "name": entry.actor.name},
            "action": entry.action,
            "person_id": entry.person_id,
            "conversation_id": entry.conversation_id or None,
            "message_id": entry.message_id or None,
            "reason": entry.reason or None,
            "failure": entry.failure or None,
            "detail": dict(entry.detail),
            "request_id": entry.request_id or None,
        }
    ).decode()


async def export_entries(
    trail: AuditTrail, which: AuditFilter = EVERYTHING, *, command: str
) -> AsyncIterator[str]:
    """Yield the entries that a filter selects as lines of JSON, the oldest first. The trail records
    the export itself first. Raises StoreUnavailable."""
    entry = AuditEntry(
        actor=Actor(kind=ActorKind.COMMAND, name=command),
        action="audit.exported",
        person_id=which.person_id or None,
        conversation_id=which.conversation_id,
    )
    await trail.record(entry)
    until = which.until or datetime.now(UTC)
    after = 0
    while page := await trail.list_entries(replace(which, until=until), limit=_PAGE, after=after):
        for stored in page:
            yield entry_line(stored)
        after = page[-1].number


async def purge_entries(trail: AuditTrail, *, days: int, command: str) -> int:
    """Delete all entries that are older than so many days, and return how many those were. The
    trail records that. Raises InvalidRequest below 30 days and above a century,
    StoreUnavailable."""
    if days < KEPT_AT_LEAST.days:
        detail = f"Entries of the last {KEPT_AT_LEAST.days} days are always kept. Name more days."
        raise InvalidRequest.of("days", detail, "min_value")
    if days > _MAX_DAYS:
        detail = f"Name {_MAX_DAYS} days at most."
        raise InvalidRequest.of("days", detail, "max_value")
    deleted = 0
    while some := await trail.purge(older_than=timedelta(days=days)):
        deleted += some
    await trail.record(
        AuditEntry(
            actor=Actor(kind=ActorKind.COMMAND, name=command),
            action="audit.purged",
            detail={"older_than_days": str(days), "entries": str(deleted)},
        )
    )
    return deleted
