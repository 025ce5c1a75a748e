"""The rows of the move of the store. Each function is one transaction.

Everything that changes the state, and each report of a process, locks the row of the move first.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.models import StoreMoveRecord, StoreProcessRecord, TouchedRecord
from messaging.models.moves import NAME_LENGTH
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.compiled import Compiled
from messaging.stores.switching.move import Busy, Move, Phase, Report, StoreProcess, Touched

__all__ = ["now"]

_ONLY = 1
_ROWS = 500
_STAMP_BITS = 62
_AT_REST = Compiled(
    lambda: StoreMoveRecord.objects.filter(
        id=_ONLY, phase=Phase.IDLE.value, owner="", passed_at=None
    ).values_list("step", "source", "target", "in_force", "moved_to")
)
"""The state while nothing is moved or compared, as mostly. It has no times."""
_KEPT = timedelta(days=7)
"""How long a move waits for a process that ended without a word, unless it is told otherwise."""


def read_move(database: BaseDatabaseWrapper) -> Move:
    try:
        rows = _AT_REST.rows(database)
        if rows:
            ((step, source, target, in_force, moved_to),) = rows
            return Move(
                step=step, source=source, target=target, in_force=in_force, moved_to=moved_to
            )
        found = StoreMoveRecord.objects.using(database.alias).filter(id=_ONLY).first()
    except DatabaseError:
        if _has_tables(database):
            raise
        return Move()
    return _decode(database, found or StoreMoveRecord(id=_ONLY))


def record_report(database: BaseDatabaseWrapper, report: Report) -> Move:
    try:
        return _record_report(database, report)
    except DatabaseError:
        if _has_tables(database):
            raise
        return Move()


def _record_report(database: BaseDatabaseWrapper, report: Report) -> Move:
    with atomic(using=database.alias):
        move, at = _lock(database), now(database)
        if move.phase == Phase.FREEZING and (move.frozen_until is None or move.frozen_until <= at):
            _enter(move, Phase.FOLLOWING)
            move.save()
        _put_process(database, report, at)
        if report.lease is None:
            records = StoreProcessRecord.objects.using(database.alias)
            records.filter(seen_at__lt=at - _KEPT).delete()
        _put_touched(database, report.touched)
        return _decode(database, move)


def leave(database: BaseDatabaseWrapper, boot_id: str, touched: Sequence[str]) -> None:
    try:
        with atomic(using=database.alias):
            _lock(database)
            _put_touched(database, touched)
            StoreProcessRecord.objects.using(database.alias).filter(boot_id=boot_id).delete()
    except DatabaseError:
        if _has_tables(database):
            raise


def list_processes(database: BaseDatabaseWrapper) -> Sequence[StoreProcess]:
    at = now(database)
    found = StoreProcessRecord.objects.using(database.alias).order_by("name", "boot_id")
    return [
        StoreProcess(
            boot_id=one.boot_id,
            name=one.name,
            role=one.role,
            setting=one.setting,
            kind=one.kind,
            step=one.step,
            unseen_seconds=(at - one.seen_at).total_seconds(),
            lapsed_seconds=_lapsed(at, one.lease_until),
            unwatched_until=one.unwatched_until,
        )
        for one in found
    ]


def drop(database: BaseDatabaseWrapper, boot_ids: Collection[str]) -> None:
    with atomic(using=database.alias):
        move = _lock(database)
        records = StoreProcessRecord.objects.using(database.alias)
        if records.filter(boot_id__in=boot_ids).delete()[0]:
            move.passed_at = None
            move.save()


def acquire(database: BaseDatabaseWrapper, owner: str, seconds: float) -> Move:
    with atomic(using=database.alias):
        move, at = _lock(database), now(database)
        if _owned(move, at) and move.owner != owner:
            raise Busy(move.owner)
        move.owner, move.owned_until = owner, at + timedelta(seconds=seconds)
        move.save()
        return _decode(database, move)


def renew(database: BaseDatabaseWrapper, owner: str, seconds: float) -> bool:
    with atomic(using=database.alias):
        move, at = _lock(database), now(database)
        if not _owned(move, at) or move.owner != owner:
            return False
        move.owned_until = at + timedelta(seconds=seconds)
        move.save()
        return True


def release(database: BaseDatabaseWrapper, owner: str) -> None:
    records = StoreMoveRecord.objects.using(database.alias)
    records.filter(id=_ONLY, owner=owner).update(owner="", owned_until=None)


def begin(database: BaseDatabaseWrapper, owner: str, source: str, target: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.IDLE)
        if move is None or move.in_force not in {"", source}:
            return False
        TouchedRecord.objects.using(database.alias).all().delete()
        _enter(move, Phase.FOLLOWING)
        move.source, move.target, move.in_force = source, target, source
        move.passed_at = None
        move.save()
        return True


def passed(database: BaseDatabaseWrapper, owner: str, at: datetime) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.FOLLOWING)
        if move is None:
            return False
        move.passed_at = at
        move.save()
        return True


def list_touched(database: BaseDatabaseWrapper, limit: int) -> Sequence[Touched]:
    found = TouchedRecord.objects.using(database.alias).order_by("key")
    return [Touched(*row) for row in found.values_list("key", "stamp")[:limit]]


def settle(database: BaseDatabaseWrapper, stamps: Sequence[int]) -> None:
    records = TouchedRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        for start in range(0, len(stamps), _ROWS):
            records.filter(stamp__in=stamps[start : start + _ROWS]).delete()


def freeze(database: BaseDatabaseWrapper, owner: str, seconds: float) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.FOLLOWING)
        if move is None or move.passed_at is None:
            return False
        _enter(move, Phase.FREEZING)
        move.frozen_until = now(database) + timedelta(seconds=seconds)
        move.save()
        return True


def thaw(database: BaseDatabaseWrapper, owner: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.FOLLOWING, Phase.FREEZING)
        if move is None:
            return False
        if move.phase == Phase.FREEZING:
            _enter(move, Phase.FOLLOWING)
            move.save()
        return True


def switch(database: BaseDatabaseWrapper, owner: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.FREEZING)
        if move is None:
            return False
        if move.frozen_until is None or move.frozen_until <= now(database):
            return False
        if move.passed_at is None or TouchedRecord.objects.using(database.alias).exists():
            return False
        _enter(move, Phase.IDLE)
        move.in_force = move.moved_to = move.target
        move.save()
        return True


def abort(database: BaseDatabaseWrapper, owner: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.FOLLOWING, Phase.FREEZING)
        if move is None:
            return False
        _enter(move, Phase.IDLE)
        move.save()
        TouchedRecord.objects.using(database.alias).all().delete()
        return True


def confirm(database: BaseDatabaseWrapper, owner: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.IDLE)
        if move is None:
            return False
        move.in_force = ""
        move.save()
        return True


def forget(database: BaseDatabaseWrapper, owner: str) -> bool:
    with atomic(using=database.alias):
        move = _own(database, owner, Phase.IDLE)
        if move is None or move.in_force:
            return False
        move.moved_to = ""
        move.save()
        return True


def _has_tables(database: BaseDatabaseWrapper) -> bool:
    """Return whether the database is migrated. Without the tables, nothing was ever moved."""
    return StoreMoveRecord._meta.db_table in database.introspection.table_names()


def _lock(database: BaseDatabaseWrapper) -> StoreMoveRecord:
    """Return the only row of the move, locked until the end of the transaction."""
    records = StoreMoveRecord.objects.using(database.alias)
    found = records.select_for_update().filter(id=_ONLY).first()
    if found is None:
        records.bulk_create([StoreMoveRecord(id=_ONLY)], ignore_conflicts=True)
        found = records.select_for_update().get(id=_ONLY)
    return found


def _own(database: BaseDatabaseWrapper, owner: str, *phases: Phase) -> StoreMoveRecord | None:
    """Return the locked row; None if the owner has lost its lease, or in another phase."""
    move = _lock(database)
    owns = _owned(move, now(database)) and move.owner == owner
    return move if owns and move.phase in phases else None


def _owned(move: StoreMoveRecord, at: datetime) -> bool:
    return bool(move.owner) and move.owned_until is not None and move.owned_until > at


def _enter(move: StoreMoveRecord, phase: Phase) -> None:
    move.phase, move.step, move.frozen_until = phase.value, move.step + 1, None


def _decode(database: BaseDatabaseWrapper, move: StoreMoveRecord) -> Move:
    return Move(
        phase=Phase(move.phase),
        step=move.step,
        source=move.source,
        target=move.target,
        in_force=move.in_force,
        owner=move.owner if move.owner and _owned(move, now(database)) else "",
        passed_at=move.passed_at,
        moved_to=move.moved_to,
    )


def _put_process(database: BaseDatabaseWrapper, report: Report, at: datetime) -> None:
    """Record a process. What it may have written unwatched before stays known."""
    lease = None if report.lease is None else at + timedelta(seconds=report.lease)
    columns = {
        "name": report.name[:NAME_LENGTH],
        "role": report.role,
        "setting": report.setting,
        "kind": report.kind,
        "step": report.step,
        "seen_at": at,
        "lease_until": lease,
    }
    if not report.watched:
        columns["unwatched_until"] = at
    StoreProcessRecord.objects.using(database.alias).bulk_create(
        [StoreProcessRecord(boot_id=report.boot_id, **columns)],
        update_conflicts=True,
        unique_fields=["boot_id"],
        update_fields=list(columns),
    )


def _put_touched(database: BaseDatabaseWrapper, keys: Sequence[str]) -> None:
    if keys:
        TouchedRecord.objects.using(database.alias).bulk_create(
            [TouchedRecord(key=key, stamp=secrets.randbits(_STAMP_BITS)) for key in keys],
            batch_size=_ROWS,
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["stamp"],
        )


def _lapsed(at: datetime, lease_until: datetime | None) -> float | None:
    return None if lease_until is None else (at - lease_until).total_seconds()
