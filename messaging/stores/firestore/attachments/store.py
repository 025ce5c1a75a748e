"""The attachment store on Cloud Firestore.

The index on `sweep_at` allows 500 writes a second: far more than instances can check files.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.fields.codec import stamper
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.stores.attachments import DueAttachments, SharedPlace
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.firestore.attachments.documents import (
    attachment_name,
    decode_attachment,
    encode_attachment,
    token_of,
)
from messaging.stores.firestore.client.connection import Connection
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.values import Reference, plain_time

_stamped = stamper(StoredAttachment)
_MOST_SKEW = timedelta(minutes=2)


class FirestoreAttachmentStore:
    """Implements `messaging.stores.attachments.AttachmentStore` on the Firestore store's
    connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._database = connection.database

    async def create(self, attachment: StoredAttachment) -> StoredAttachment:
        writes = Writes(self._database)
        writes.create(self._name(attachment.id), encode_attachment(attachment))
        try:
            answer = await self._connection.commit("create_attachment", writes)
        except (AlreadyExists, CommitUnknown, Conflict) as error:
            raise StoreUnavailable from error  # a retry has another id; the sweep removes this one
        # Every transform requests the time of the request, so all have the same result.
        computed = answer.write_results[-1].transform_results
        return (
            _stamped(attachment, plain_time(computed[0].timestamp_value))
            if computed
            else attachment
        )

    async def get(self, attachment_ids: Sequence[str]) -> Mapping[str, StoredAttachment]:
        names = [self._name(id_) for id_ in attachment_ids]
        found = await self._connection.get("get_attachments", names) if names else []
        attachments = [decode_attachment(document) for document in found]
        return {one.id: one for one in attachments}

    async def replace(self, before: StoredAttachment, after: StoredAttachment) -> bool:
        writes = Writes(self._database)
        fields = encode_attachment(after)
        mask = [name for name, value in fields.items() if value is not COMMIT_TIME]
        mask += [name for name in ("seq", "sweep_at") if name not in fields]
        writes.update(self._name(after.id), fields, mask, token=token_of(before))
        try:
            await self._connection.commit("replace_attachment", writes)
        except Conflict:
            return False
        except (AlreadyExists, CommitUnknown) as error:
            raise StoreUnavailable from error
        return True

    async def list_shared(
        self,
        conversation_id: str,
        *,
        first_seq: int,
        limit: int,
        after: SharedPlace | None = None,
    ) -> Sequence[StoredAttachment]:
        found = await self._connection.query(
            "list_attachments",
            self._database.root,
            query(
                "attachments",
                ("conversation_id", "==", conversation_id),
                ("seq", ">=", first_seq),
                order_by=[("seq", "descending"), ("__name__", "descending")],
                start_after=() if after is None else (after[0], Reference(self._name(after[1]))),
                limit=limit,
            ),
        )
        return [decode_attachment(document) for document in found]

    async def list_due(self, *, limit: int) -> DueAttachments:
        found, read_at = await self._connection.dated_query(
            "list_due_attachments",
            self._database.root,
            query(
                "attachments",
                # The clock of the store decides, not the one of this machine.
                ("sweep_at", "<=", datetime.now(UTC) + _MOST_SKEW),
                order_by=[("sweep_at", "ascending")],
                limit=limit,
            ),
        )
        attachments = [decode_attachment(document) for document in found]
        return DueAttachments(
            attachments=[one for one in attachments if one.sweep_at and one.sweep_at <= read_at],
            read_at=read_at,
        )

    async def remove(self, attachment_id: str) -> None:
        writes = Writes(self._database)
        writes.delete(self._name(attachment_id))
        await self._connection.write("remove_attachment", writes)

    def _name(self, attachment_id: str) -> str:
        return attachment_name(self._database, attachment_id)
