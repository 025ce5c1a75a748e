"""Decisions on Cloud Firestore.

conversations/{id}/messages/{id}/decisions/{chunk}   decisions and claims of a chunk of people
sweeps/{id}                                          the claim on a sweep after a crash
sweeps/{boot id}.unfinished                          the start of an instance's unfinished sweeps

All have `expires_at`, for a time-to-live policy (`firestore.indexes.json`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.recipients import Decision, Verdict
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.decisions import NOBODY, ChunkKey, Claim, failed_at, take
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction
from messaging.stores.firestore.documents.messages import message_name
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import plain_time, quoted, read_time
from messaging.stores.shared.stored_enums import member_of


class FirestoreDecisionStore:
    """Implements `messaging.stores.decisions.DecisionStore` on the connection of the Firestore
    store."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._transactions = store.transactions
        self._database = store.connection.database

    async def claim(
        self,
        key: ChunkKey,
        user_ids: Sequence[str],
        *,
        decided: Mapping[str, Decision] = NOBODY,
        now: datetime,
        until: datetime,
        expires_at: datetime,
    ) -> Claim:
        name = self._chunk(key)
        wanted = Decision(at=now, claimed_until=until)
        first = take({}, user_ids, wanted, decided)
        if await self._create("claim", name, _document(first.written, expires_at)):
            return first

        async def claim(transaction: Transaction) -> Claim:
            document = await transaction.get(name)
            known = {} if document is None else read_people(document)
            claim = take(known, user_ids, wanted, decided)
            if new := claim.written:
                transaction.writes.update(name, _people(new), mask=_paths(new))
            return claim

        return await self._transactions.run("claim", name, claim)

    async def record(
        self, key: ChunkKey, decisions: Mapping[str, Decision], *, expires_at: datetime
    ) -> None:
        writes = Writes(self._database)
        failed: dict[str, Any] = {}
        if at := failed_at(decisions):
            failed["failed_at"] = at  # the catalogue lists these
        writes.put(
            self._chunk(key),
            {**_document(decisions, expires_at), **failed},
            mask=[*_paths(decisions), "expires_at", *failed],
        )
        await self._connection.write("record", writes)

    async def list_decisions(self, conversation_id: str, message_id: str) -> Mapping[str, Decision]:
        parent = message_name(self._database, conversation_id, message_id)
        found = await self._connection.query("list_decisions", parent, query("decisions"))
        now = datetime.now(UTC)
        return {
            user_id: decision
            for document in found
            if plain_time(document.fields["expires_at"].timestamp_value) > now
            for user_id, decision in read_people(document).items()
        }

    async def claim_sweep(self, sweep_id: str, *, expires_at: datetime) -> bool:
        name = self._database.document("sweeps", sweep_id)
        return await self._create("claim_sweep", name, {"expires_at": expires_at})

    async def put_unfinished_sweep(
        self, boot_id: str, since: datetime | None, *, expires_at: datetime
    ) -> None:
        writes = Writes(self._database)
        if since is None:
            writes.delete(self._unfinished(boot_id))
        else:
            writes.set(self._unfinished(boot_id), {"since": since, "expires_at": expires_at})
        await self._connection.write("put_unfinished_sweep", writes)

    async def get_unfinished_sweep(self, boot_id: str) -> datetime | None:
        found = await self._connection.get("get_unfinished_sweep", [self._unfinished(boot_id)])
        return plain_time(found[0].fields["since"].timestamp_value) if found else None

    def _unfinished(self, boot_id: str) -> str:
        return self._database.document("sweeps", f"{boot_id}.unfinished")

    async def _create(self, operation: str, name: str, fields: Mapping[str, Any]) -> bool:
        """Return False if it already exists. Raises StoreUnavailable, also after a lost answer:
        then the claim may be ours without anyone knowing, until it expires."""
        writes = Writes(self._database)
        writes.create(name, fields)
        try:
            await self._connection.commit(operation, writes)
        except AlreadyExists:
            return False
        except (Conflict, CommitUnknown) as error:
            raise StoreUnavailable from error
        return True

    def _chunk(self, key: ChunkKey) -> str:
        return self._database.document(
            *("conversations", key.conversation_id, "messages", key.message_id),
            *("decisions", str(key.chunk)),
        )


def _document(decisions: Mapping[str, Decision], expires_at: datetime) -> dict[str, Any]:
    return {**_people(decisions), "expires_at": expires_at}


def _people(decisions: Mapping[str, Decision]) -> dict[str, Any]:
    return {"people": {user_id: _decision(one) for user_id, one in decisions.items()}}


def _paths(decisions: Mapping[str, Decision]) -> list[str]:
    return [f"people.{quoted(user_id)}" for user_id in decisions]


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict and decision.verdict.value,
        "reason": decision.reason,
        "at": decision.at,
        "devices": dict(decision.devices),
        "claimed_until": decision.claimed_until,
    }


def read_people(document: Any) -> dict[str, Decision]:
    people = document.fields["people"].map_value.fields
    chunk = int(document.name.rpartition("/")[2])
    return {user_id: _read_decision(people[user_id].map_value.fields, chunk) for user_id in people}


def _read_decision(fields: Any, chunk: int) -> Decision:
    verdict = fields["verdict"].string_value
    devices = fields["devices"].map_value.fields
    return Decision(
        verdict=member_of(Verdict, verdict) if verdict else None,
        reason=fields["reason"].string_value,
        at=plain_time(fields["at"].timestamp_value),
        devices={device_id: devices[device_id].string_value for device_id in devices},
        claimed_until=read_time(fields["claimed_until"]),
        chunk=chunk,
    )
