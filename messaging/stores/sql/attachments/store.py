"""The attachment store on Django's ORM."""

from collections.abc import Mapping, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.models import AttachmentRecord
from messaging.stores.attachments import DueAttachments, SharedPlace
from messaging.stores.shared import paging
from messaging.stores.sql.attachments import records as rows
from messaging.stores.sql.connections.calls import Calls, count, queried
from messaging.stores.sql.connections.clock import now


class SqlAttachmentStore:
    """Implements `messaging.stores.attachments.AttachmentStore` in the threads of the SQL store."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create(self, attachment: StoredAttachment) -> StoredAttachment:
        stored = await self._calls.write("create_attachment", _create, attachment)
        count("create_attachment", written=1)
        return stored

    async def get(self, attachment_ids: Sequence[str]) -> Mapping[str, StoredAttachment]:
        found = await self._calls.read("get_attachments", _get, attachment_ids)
        count("get_attachments", read=len(attachment_ids))
        return found

    async def replace(self, before: StoredAttachment, after: StoredAttachment) -> bool:
        replaced = await self._calls.write("replace_attachment", _replace, before, after)
        count("replace_attachment", written=int(replaced))
        return replaced

    async def list_shared(
        self,
        conversation_id: str,
        *,
        first_seq: int,
        limit: int,
        after: SharedPlace | None = None,
    ) -> Sequence[StoredAttachment]:
        found = await self._calls.read(
            "list_attachments",
            _list_shared,
            conversation_id,
            first_seq=first_seq,
            limit=limit,
            after=after,
        )
        count("list_attachments", read=queried(len(found)))
        return found

    async def list_due(self, *, limit: int) -> DueAttachments:
        due = await self._calls.read("list_due_attachments", _list_due, limit=limit)
        count("list_due_attachments", read=queried(len(due.attachments)))
        return due

    async def remove(self, attachment_id: str) -> None:
        await self._calls.write("remove_attachment", _remove, attachment_id)
        count("remove_attachment", deleted=1)


def _create(database: BaseDatabaseWrapper, attachment: StoredAttachment) -> StoredAttachment:
    stored = rows.stamped(attachment, now(database))
    record = AttachmentRecord.objects.using(database.alias)
    record.update_or_create(id=stored.id, defaults=rows.columns(stored))
    return stored


def _get(
    database: BaseDatabaseWrapper, attachment_ids: Sequence[str]
) -> dict[str, StoredAttachment]:
    records = AttachmentRecord.objects.using(database.alias).filter(id__in=attachment_ids)
    return {record.id: rows.attachment(record) for record in records}


def _replace(
    database: BaseDatabaseWrapper, before: StoredAttachment, after: StoredAttachment
) -> bool:
    records = AttachmentRecord.objects.using(database.alias).filter(**rows.unchanged(before))
    stored = rows.stamped(after, now(database))
    return records.update(**rows.columns(stored)) == 1


def _list_shared(
    database: BaseDatabaseWrapper,
    conversation_id: str,
    *,
    first_seq: int,
    limit: int,
    after: SharedPlace | None,
) -> list[StoredAttachment]:
    listed = AttachmentRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id, seq__gte=first_seq
    )
    if after is not None:
        listed = listed.filter(paging.before(after, value="seq"))
    return [rows.attachment(record) for record in listed.order_by("-seq", "-id")[:limit]]


def _list_due(database: BaseDatabaseWrapper, *, limit: int) -> DueAttachments:
    at = now(database)
    due = AttachmentRecord.objects.using(database.alias).filter(sweep_at__lte=at)
    return DueAttachments(
        attachments=[rows.attachment(record) for record in due.order_by("sweep_at")[:limit]],
        read_at=at,
    )


def _remove(database: BaseDatabaseWrapper, attachment_id: str) -> None:
    AttachmentRecord.objects.using(database.alias).filter(id=attachment_id).delete()
