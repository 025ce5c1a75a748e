"""The SQL store's notes of instances that have lost Redis."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.models import LinkNoteRecord
from messaging.stores.conversations import LINK_NOTE_LIFETIME, LinkNotes
from messaging.stores.sql.connections.clock import now


def put(database: BaseDatabaseWrapper, boot_id: str) -> None:
    """Store a note, and delete the notes of dead instances together with this write."""
    records = LinkNoteRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        at = now(database)
        records.bulk_create(
            [LinkNoteRecord(boot_id=boot_id, renewed_at=at)],
            update_conflicts=True,
            unique_fields=["boot_id"],
            update_fields=["renewed_at"],
        )
        records.filter(renewed_at__lt=at - LINK_NOTE_LIFETIME).delete()


def delete(database: BaseDatabaseWrapper, boot_id: str) -> None:
    LinkNoteRecord.objects.using(database.alias).filter(boot_id=boot_id).delete()


def list_current(database: BaseDatabaseWrapper) -> LinkNotes:
    read_at = now(database)
    records = LinkNoteRecord.objects.using(database.alias)
    current = records.filter(renewed_at__gte=read_at - LINK_NOTE_LIFETIME)
    boot_ids = frozenset(current.values_list("boot_id", flat=True))
    return LinkNotes(boot_ids=boot_ids, read_at=read_at)
