"""The epoch on Cloud Firestore: the document `epochs/current`."""

from datetime import datetime
from typing import Any

from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.epochs import Epoch, ReadEpoch, first_epoch, next_epoch
from messaging.stores.firestore.client.requests import Database, Writes, query
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import read_token

_TRIES = 3


class FirestoreEpochStore:
    """Implements `messaging.stores.epochs.EpochStore` on the Firestore store's connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._database = store.connection.database

    async def read_epoch(self) -> ReadEpoch:
        for _ in range(_TRIES):
            document, read_at = await self._read("read_epoch")
            if document is not None:
                return ReadEpoch(epoch=_epoch(document), read_at=read_at)
            writes = Writes(self._database)
            writes.create(self._name, epoch_fields(first_epoch()))
            await self._commit("read_epoch", writes)
        raise StoreUnavailable

    async def find_epoch(self) -> Epoch | None:
        document, _ = await self._read("find_epoch")
        return None if document is None else _epoch(document)

    async def renew_epoch(self, *, instead_of: str | None = None, above: int = 0) -> Epoch:
        for _ in range(_TRIES):
            document, _ = await self._read("renew_epoch")
            current = first_epoch() if document is None else _epoch(document)
            if document is not None and instead_of not in {None, current.id}:
                return current
            epoch = next_epoch(current, above)
            writes = Writes(self._database)
            if document is None:
                writes.create(self._name, epoch_fields(epoch))
            else:
                token = read_token(document.update_time)
                writes.update(self._name, epoch_fields(epoch), [*epoch_fields(epoch)], token=token)
            await self._commit("renew_epoch", writes)
            found, _ = await self._read("renew_epoch")
            applied = found is not None and _epoch(found) == epoch
            if found is not None and (applied or instead_of not in {None, _epoch(found).id}):
                return _epoch(found)
        raise StoreUnavailable

    async def _read(self, operation: str) -> tuple[Any | None, datetime]:
        """Read the epoch by a query, because its answer has the server's time even without a
        document."""
        found, read_at = await self._connection.dated_query(
            operation, self._database.root, query("epochs", limit=1)
        )
        return (found[0] if found else None), read_at

    async def _commit(self, operation: str, writes: Writes) -> None:
        """Commit an epoch. A read afterwards shows whether this one or another instance's was
        applied."""
        try:
            await self._connection.commit(operation, writes)
        except (AlreadyExists, Conflict, CommitUnknown):
            return

    @property
    def _name(self) -> str:
        return epoch_name(self._database)


def epoch_name(database: Database) -> str:
    return database.document("epochs", "current")


def epoch_fields(epoch: Epoch) -> dict[str, Any]:
    return {"epoch": epoch.id, "number": epoch.number}


def _epoch(document: Any) -> Epoch:
    return Epoch(
        id=document.fields["epoch"].string_value, number=document.fields["number"].integer_value
    )
