"""`messaging.stores.exchange.ExchangeStore` on Django's ORM."""

from collections.abc import Sequence

from messaging.domain.conversation import Conversation
from messaging.domain.participant import ReadPosition
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.exchange import Begun, FullChanges
from messaging.stores.sql.connections.calls import count, queried
from messaging.stores.sql.exchange import reading, writing
from messaging.stores.sql.store import SqlStore


class SqlExchangeStore:
    """Runs in the threads of the SQL store. Documents are counted as Firestore would bill them."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def list_full_people(self, *, after: str, limit: int) -> Sequence[Person]:
        found = await self._calls.read(
            "list_full_people", reading.list_people, after=after, limit=limit
        )
        count("list_full_people", read=queried(len(found)))
        return found

    async def list_full_messages(
        self, conversation_id: str, *, after_seq: int, limit: int
    ) -> Sequence[FullMessage]:
        found = await self._calls.read(
            "list_full_messages",
            reading.list_messages,
            conversation_id,
            after_seq=after_seq,
            limit=limit,
        )
        count("list_full_messages", read=queried(len(found)))
        return found

    async def read_full_changes(
        self, conversation_id: str, *, since: int, limit: int
    ) -> FullChanges:
        found = await self._calls.read(
            "read_full_changes", reading.read_changes, conversation_id, since=since, limit=limit
        )
        count("read_full_changes", read=1 + queried(len(found.messages)))
        return found

    async def list_full_reports(self, *, limit: int, after: Place | None) -> Sequence[FullReport]:
        found = await self._calls.read(
            "list_full_reports", reading.list_full_reports, limit=limit, after=after
        )
        count("list_full_reports", read=queried(len(found)))
        return found

    async def put_person(self, person: Person) -> bool:
        new = await self._calls.write("put_person", writing.put_person, person)
        count("put_person", written=int(new))
        return new

    async def begin_load(self, conversation: Conversation, load_id: str) -> Begun:
        begun = await self._calls.write("begin_load", writing.begin, conversation, load_id)
        count("begin_load", read=2, written=1)
        return begun

    async def add_messages(self, begun: Begun, messages: Sequence[FullMessage]) -> None:
        await self._calls.write("add_messages", writing.add_messages, begun, messages)
        written = sum(1 + len(one.reactions) + len(one.files) for one in messages)
        count("add_messages", written=written)

    async def put_positions(self, conversation_id: str, positions: Sequence[ReadPosition]) -> None:
        await self._calls.write("put_positions", writing.positions, conversation_id, positions)
        count("put_positions", written=len(positions))

    async def complete_load(self, begun: Begun, conversation: Conversation) -> None:
        await self._calls.write("complete_load", writing.complete, begun, conversation)
        count("complete_load", written=1)

    async def delete_shell(self, shell: Conversation) -> bool:
        deleted = await self._calls.write("delete_shell", writing.delete_shell, shell)
        count("delete_shell", deleted=int(deleted))
        return deleted

    async def load_report(self, full: FullReport) -> bool:
        new = await self._calls.write("load_report", writing.put_report, full)
        count("load_report", written=int(new))
        return new
