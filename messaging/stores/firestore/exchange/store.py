"""`messaging.stores.exchange.ExchangeStore` on Cloud Firestore."""

from collections.abc import Sequence

from messaging.domain.conversation import Conversation
from messaging.domain.participant import ReadPosition
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.exchange import Begun, FullChanges
from messaging.stores.firestore.exchange import reading, writing
from messaging.stores.firestore.store import FirestoreStore


class FirestoreExchangeStore:
    """Uses the connection of the Firestore store."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection

    async def list_full_people(self, *, after: str, limit: int) -> Sequence[Person]:
        return await reading.list_people(self._connection, after=after, limit=limit)

    async def list_full_messages(
        self, conversation_id: str, *, after_seq: int, limit: int
    ) -> Sequence[FullMessage]:
        return await reading.list_messages(
            self._connection, conversation_id, after_seq=after_seq, limit=limit
        )

    async def read_full_changes(
        self, conversation_id: str, *, since: int, limit: int
    ) -> FullChanges:
        return await reading.read_changes(
            self._connection, conversation_id, since=since, limit=limit
        )

    async def list_full_reports(self, *, limit: int, after: Place | None) -> Sequence[FullReport]:
        return await reading.list_reports(self._connection, limit=limit, after=after)

    async def put_person(self, person: Person) -> bool:
        return await writing.put_person(self._connection, person)

    async def begin_load(self, conversation: Conversation, load_id: str) -> Begun:
        return await writing.begin(self._connection, conversation, load_id)

    async def add_messages(self, begun: Begun, messages: Sequence[FullMessage]) -> None:
        await writing.add_messages(self._connection, begun, messages)

    async def put_positions(self, conversation_id: str, positions: Sequence[ReadPosition]) -> None:
        await writing.put_positions(self._connection, conversation_id, positions)

    async def complete_load(self, begun: Begun, conversation: Conversation) -> None:
        await writing.complete(self._connection, begun, conversation)

    async def delete_shell(self, shell: Conversation) -> bool:
        return await writing.delete_shell(self._connection, shell)

    async def load_report(self, full: FullReport) -> bool:
        return await writing.put_report(self._connection, full)
