"""What an erasure does to Cloud Firestore, besides commits of conversations.

It finds what belongs to a person by single-field indexes (`firestore.indexes.json`).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.fields.plain import attachments_of
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.reports import ReportStatus
from messaging.stores.erasure import Counts, ErasedReports
from messaging.stores.firestore.attachments.documents import decode_attachment
from messaging.stores.firestore.client.errors import DocumentMissing
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction
from messaging.stores.firestore.documents import conversation_id_of
from messaging.stores.firestore.documents.messages import message_name
from messaging.stores.firestore.documents.positions import position_name
from messaging.stores.firestore.people import read_access
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import Reference, plain_map, quoted

_AT_ONCE = 300
_QUERIES_AT_ONCE = 16
_ACCESS = frozenset({"valid_after", "banned_until", "access_changed_at"})


class FirestoreErasureStore:
    """Implements `messaging.stores.erasure.ErasureStore` on the Firestore store's connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._transactions = store.transactions
        self._database = store.connection.database

    async def list_positions(self, user_id: str, *, limit: int, after: str = "") -> Sequence[str]:
        last = position_name(self._database, after, user_id) if after else None
        found = await self._connection.query(
            "list_positions",
            self._database.root,
            query(
                "participants",
                ("user_id", "==", user_id),
                order_by=[("__name__", "ascending")],
                start_after=() if last is None else (Reference(last),),
                limit=limit,
                only=["__name__"],
                everywhere=True,
            ),
        )
        return [conversation_id_of(document) for document in found]

    async def remove_position(self, conversation_id: str, user_id: str) -> None:
        writes = Writes(self._database)
        writes.delete(position_name(self._database, conversation_id, user_id))
        await self._connection.write("remove_position", writes)

    async def remove_decisions(
        self, conversation_id: str, message_ids: Sequence[str], user_id: str
    ) -> int:
        places = asyncio.Semaphore(_QUERIES_AT_ONCE)

        async def remove(message_id: str) -> int:
            async with places:
                return await self._remove_decisions(conversation_id, message_id, user_id)

        return sum(await asyncio.gather(*map(remove, message_ids)))

    async def _remove_decisions(self, conversation_id: str, message_id: str, user_id: str) -> int:
        field = f"people.{quoted(user_id)}"
        found = await self._connection.query(
            "remove_decisions",
            message_name(self._database, conversation_id, message_id),
            query("decisions", only=[field]),
        )
        named = [one for one in found if user_id in one.fields["people"].map_value.fields]
        for document in named:
            writes = Writes(self._database)
            writes.update(document.name, {}, mask=[field])
            with suppress(DocumentMissing):  # it has expired at this moment
                await self._connection.write("remove_decisions", writes)
        return len(named)

    async def remove_reactions(self, user_id: str) -> int:
        removed = 0
        while True:
            found = await self._connection.query(
                "remove_person_reactions",
                self._database.root,
                query(
                    "reactions",
                    ("user_id", "==", user_id),
                    limit=_AT_ONCE,
                    only=["__name__"],
                    everywhere=True,
                ),
            )
            if not found:
                return removed
            writes = Writes(self._database)
            for document in found:
                writes.delete(document.name)
            await self._connection.write("remove_person_reactions", writes)
            removed += len(found)

    async def remove_account(self, user_id: str) -> Counts:
        user = self._database.document("users", user_id)

        async def remove(transaction: Transaction) -> Counts:
            document = await transaction.get(user)
            if document is None:
                return {}
            devices = await self._tokens(user_id)
            for token in devices:
                transaction.writes.delete(token)
            others = [quoted(name) for name in document.fields if name not in _ACCESS]
            if others:
                transaction.writes.update(user, {}, mask=others)
            account = int(bool(others))
            return {"devices": len(devices), "settings": account, "profiles": account}

        return await self._transactions.run("remove_account", user, remove)

    async def _tokens(self, user_id: str) -> Sequence[str]:
        """Return the names of the documents that say whose the tokens of a person's devices are."""
        found = await self._connection.query(
            "remove_account",
            self._database.root,
            query("device_tokens", ("user_id", "==", user_id), only=["__name__"]),
        )
        return [document.name for document in found]

    async def remove_access(self, user_id: str, *, up_to: datetime) -> None:
        user = self._database.document("users", user_id)

        async def remove(transaction: Transaction) -> None:
            document = await transaction.get(user)
            if document is None:
                return
            access = read_access(document)
            if access.valid_after is not None and access.valid_after > up_to:
                return
            if access.banned:
                fields = {"access_changed_at": COMMIT_TIME}
                transaction.writes.update(user, fields, mask=["valid_after"])
            elif all(name in _ACCESS for name in document.fields):
                transaction.writes.delete(user)
            else:  # the person is back
                transaction.writes.update(user, {}, mask=sorted(_ACCESS))

        await self._transactions.run("remove_access", user, remove)

    async def list_attachments(self, user_id: str, *, limit: int) -> Sequence[StoredAttachment]:
        found = await self._connection.query(
            "list_person_attachments",
            self._database.root,
            query("attachments", ("owner_id", "==", user_id), limit=limit),
        )
        return [decode_attachment(document) for document in found]

    async def erase_reports(self, user_id: str, erased_id: str) -> ErasedReports:
        about = await self._reports("author_id", user_id)
        made = await self._reports("reporter_id", user_id)
        closed = [one for one in about if not _is_open(one)]
        released, copies = await self._delete_copies(closed)
        for document in about:
            await self._change(document.name, {"author_id": erased_id})
        for document in made:
            reason = {} if _is_open(document) else {"reason": ""}
            await self._change(document.name, {"reporter_id": erased_id, **reason})
        return ErasedReports(
            counts={"reports": len(about) + len(made), "report_copies": copies},
            released=released,
        )

    async def count_open_reports(self, erased_id: str) -> int:
        about = await self._reports("author_id", erased_id)
        made = await self._reports("reporter_id", erased_id)
        return len({one.name for one in (*about, *made) if _is_open(one)})

    async def _reports(self, field: str, user_id: str) -> list[Any]:
        return await self._connection.query(
            "erase_reports", self._database.root, query("reports", (field, "==", user_id))
        )

    async def _delete_copies(self, reports: Sequence[Any]) -> tuple[set[str], int]:
        names = [
            self._database.document("report_copies", one.name.rpartition("/")[2]) for one in reports
        ]
        released: set[str] = set()
        deleted = 0
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            found = await self._connection.get("erase_reports", some)
            writes = Writes(self._database)
            for document in found:
                values = document.fields["attachments"].array_value.values
                released |= {one.id for one in attachments_of([plain_map(v) for v in values])}
                writes.delete(document.name)
            if found:
                await self._connection.write("erase_reports", writes)
            deleted += len(found)
        return released, deleted

    async def _change(self, name: str, fields: dict[str, str]) -> None:
        writes = Writes(self._database)
        writes.update(name, fields, mask=list(fields))
        with suppress(DocumentMissing):
            await self._connection.write("erase_reports", writes)


def _is_open(report: Any) -> bool:
    return str(report.fields["status"].string_value) == ReportStatus.OPEN.value
