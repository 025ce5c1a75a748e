"""The epoch on Django's ORM: one row."""

from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.models import EpochRecord
from messaging.stores.epochs import Epoch, ReadEpoch, first_epoch, next_epoch
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.store import SqlStore

ONLY_ROW = 1
"""The id of the row."""


class SqlEpochStore:
    """Implements `messaging.stores.epochs.EpochStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def read_epoch(self) -> ReadEpoch:
        found, read_at = await self._calls.read("read_epoch", _read)
        count("read_epoch", read=1)
        if found is None:
            found = await self._calls.write("read_epoch", _create)
            count("read_epoch", written=1)
        return ReadEpoch(epoch=found, read_at=read_at)

    async def find_epoch(self) -> Epoch | None:
        found, _ = await self._calls.read("find_epoch", _read)
        count("find_epoch", read=1)
        return found

    async def renew_epoch(self, *, instead_of: str | None = None, above: int = 0) -> Epoch:
        epoch = await self._calls.write(
            "renew_epoch", lambda database: _renew(database, instead_of, above)
        )
        count("renew_epoch", read=1, written=1)
        return epoch


def _read(database: BaseDatabaseWrapper) -> tuple[Epoch | None, datetime]:
    read_at = now(database)
    record = EpochRecord.objects.using(database.alias).filter(id=ONLY_ROW).first()
    return (None if record is None else _epoch(record)), read_at


def _create(database: BaseDatabaseWrapper) -> Epoch:
    """Return the epoch that another instance has just created, if there is one."""
    record, _ = _get_or_create(database, first_epoch())
    return _epoch(record)


def _renew(database: BaseDatabaseWrapper, instead_of: str | None, above: int) -> Epoch:
    with atomic(using=database.alias):
        record, created = _get_or_create(database, next_epoch(first_epoch(), above))
        if created:
            return _epoch(record)
        record = EpochRecord.objects.using(database.alias).select_for_update().get(id=ONLY_ROW)
        current = _epoch(record)
        if instead_of is not None and current.id != instead_of:
            return current
        epoch = next_epoch(current, above)
        record.epoch, record.number = epoch.id, epoch.number
        record.save(update_fields=["epoch", "number"])
    return epoch


def _get_or_create(database: BaseDatabaseWrapper, epoch: Epoch) -> tuple[EpochRecord, bool]:
    return EpochRecord.objects.using(database.alias).get_or_create(
        id=ONLY_ROW, defaults={"epoch": epoch.id, "number": epoch.number}
    )


def _epoch(record: EpochRecord) -> Epoch:
    return Epoch(id=record.epoch, number=record.number)
