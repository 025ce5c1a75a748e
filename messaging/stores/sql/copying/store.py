"""`messaging.stores.copying.CopyStore` on Django's ORM."""

from collections.abc import Mapping, Sequence

from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.exchange.records import FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.copying import Part
from messaging.stores.epochs import Epoch
from messaging.stores.sql.connections.calls import count, queried
from messaging.stores.sql.copying import people, reading, writing
from messaging.stores.sql.store import SqlStore


class SqlCopyStore:
    """Runs in the threads of the SQL store. Documents are counted as Firestore would bill them."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def adopt_epoch(self, epoch: Epoch) -> None:
        await self._calls.write("adopt_epoch", writing.adopt_epoch, epoch)
        count("adopt_epoch", written=1)

    async def last_message_version(self, conversation_id: str) -> int:
        found = await self._calls.read(
            "last_message_version", reading.last_message_version, conversation_id
        )
        count("last_message_version", read=1)
        return found

    async def write_part(self, part: Part) -> None:
        await self._calls.write("write_part", writing.write_part, part)
        written = sum(1 + len(one.reactions) + len(one.files) for one in part.messages)
        count("write_part", written=written + 1)

    async def get_full_people(self, user_ids: Sequence[str]) -> Mapping[str, Person]:
        found = await self._calls.read("get_full_people", reading.get_people, user_ids)
        count("get_full_people", read=len(user_ids))
        return found

    async def write_person(self, person: Person) -> None:
        await self._calls.write("write_person", people.write_person, person)
        count("write_person", written=1 + len(person.devices))

    async def remove_person(self, user_id: str) -> None:
        await self._calls.write("remove_person", people.remove_person, user_id)
        count("remove_person", deleted=1)

    async def get_full_reports(self, report_ids: Sequence[str]) -> Mapping[str, FullReport]:
        found = await self._calls.read("get_full_reports", reading.get_reports, report_ids)
        count("get_full_reports", read=2 * len(report_ids))
        return found

    async def write_report(self, full: FullReport) -> None:
        await self._calls.write("write_report", writing.write_report, full)
        count("write_report", written=2 + len(full.files))

    async def list_due_files(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[StoredAttachment]:
        found = await self._calls.read(
            "list_due_files", reading.list_due_files, limit=limit, after=after
        )
        count("list_due_files", read=queried(len(found)))
        return found

    async def write_files(self, files: Sequence[StoredAttachment]) -> None:
        await self._calls.write("write_files", writing.write_files, files)
        count("write_files", written=len(files))
