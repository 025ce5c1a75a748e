"""`messaging.stores.copying.CopyStore` on Cloud Firestore."""

from collections.abc import Mapping, Sequence

from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.exchange.records import FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.copying import Part
from messaging.stores.epochs import Epoch
from messaging.stores.firestore.attachments.documents import (
    attachment_name,
    decode_attachment,
    encode_attachment,
)
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.copying import conversations, people
from messaging.stores.firestore.documents.conversations import conversation_name
from messaging.stores.firestore.documents.messages import decode_message
from messaging.stores.firestore.epochs import epoch_fields, epoch_name
from messaging.stores.firestore.exchange.reading import full_reports
from messaging.stores.firestore.exchange.writing import copy_fields, report_fields
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import Reference


class FirestoreCopyStore:
    """Uses the connection of the Firestore store."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._database = store.connection.database

    async def adopt_epoch(self, epoch: Epoch) -> None:
        writes = Writes(self._database)
        writes.set(epoch_name(self._database), epoch_fields(epoch))
        await self._connection.write("adopt_epoch", writes)

    async def last_message_version(self, conversation_id: str) -> int:
        found = await self._connection.query(
            "last_message_version",
            conversation_name(self._database, conversation_id),
            query("messages", order_by=[("version", "descending")], limit=1),
        )
        return decode_message(found[0]).version if found else 0

    async def write_part(self, part: Part) -> None:
        await conversations.write_part(self._connection, part)

    async def get_full_people(self, user_ids: Sequence[str]) -> Mapping[str, Person]:
        return await people.get_people(self._connection, user_ids)

    async def write_person(self, person: Person) -> None:
        await people.write_person(self._connection, person)

    async def remove_person(self, user_id: str) -> None:
        await people.remove_person(self._connection, user_id)

    async def get_full_reports(self, report_ids: Sequence[str]) -> Mapping[str, FullReport]:
        names = [self._database.document("reports", id_) for id_ in report_ids]
        documents = await self._connection.get("get_full_reports", names) if names else []
        found = await full_reports(self._connection, documents)
        return {full.report.id: full for full in found}

    async def write_report(self, full: FullReport) -> None:
        writes, id_ = Writes(self._database), full.report.id
        copy = self._database.document("report_copies", id_)
        writes.set(self._database.document("reports", id_), report_fields(full.report))
        if full.copy is None:
            writes.delete(copy)
        else:
            writes.set(copy, copy_fields(full))
        self._set_files(writes, full.files)
        await self._connection.write("write_report", writes)

    async def list_due_files(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[StoredAttachment]:
        last: tuple[object, ...] = ()
        if after is not None:
            last = (after[0], Reference(attachment_name(self._database, after[1])))
        found = await self._connection.query(
            "list_due_files",
            self._database.root,
            query(
                "attachments",
                order_by=[("sweep_at", "ascending"), ("__name__", "ascending")],
                start_after=last,
                limit=limit,
            ),
        )
        return [decode_attachment(document) for document in found]

    async def write_files(self, files: Sequence[StoredAttachment]) -> None:
        writes = Writes(self._database)
        self._set_files(writes, files)
        if len(writes):
            await self._connection.write("write_files", writes)

    def _set_files(self, writes: Writes, files: Sequence[StoredAttachment]) -> None:
        for one in files:
            writes.set(attachment_name(self._database, one.id), encode_attachment(one))
