"""The SQL store's notes of instances that have lost Redis."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now
from django.db.transaction import atomic

from messaging.models import LinkNoteRecord
from messaging.stores.link_notes import LINK_NOTE_LIFETIME, LinkNotes
from messaging.stores.sql.connections.calls import Calls, count, queried
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.compiled import Compiled

_CURRENT = Compiled(
    lambda: LinkNoteRecord.objects.filter(
        renewed_at__gte=ExpressionWrapper(Now() - LINK_NOTE_LIFETIME, DateTimeField())
    ).values_list("boot_id")
)


class StoredLinkNotes:
    """The part of the SQL store that keeps the notes."""

    calls: Calls

    async def put_link_note(self, boot_id: str) -> None:
        await self.calls.write("put_link_note", lambda database: _put(database, boot_id))
        count("put_link_note", written=1)

    async def delete_link_note(self, boot_id: str) -> None:
        await self.calls.write("delete_link_note", _delete, boot_id)
        count("delete_link_note", deleted=1)

    async def list_link_notes(self) -> LinkNotes:
        notes = await self.calls.read("list_link_notes", _list_current)
        count("list_link_notes", read=queried(len(notes.boot_ids)))
        return notes


def _put(database: BaseDatabaseWrapper, boot_id: str) -> None:
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


def _delete(database: BaseDatabaseWrapper, boot_id: str) -> None:
    LinkNoteRecord.objects.using(database.alias).filter(boot_id=boot_id).delete()


def _list_current(database: BaseDatabaseWrapper) -> LinkNotes:
    read_at = now(database)
    boot_ids = frozenset(boot_id for (boot_id,) in _CURRENT.rows(database))
    return LinkNotes(boot_ids=boot_ids, read_at=read_at)
