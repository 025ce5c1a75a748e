"""Decisions on Django's ORM."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.recipients import Decision, Verdict
from messaging.models import DecisionRecord, ReportCopyRecord, SweepRecord
from messaging.stores.decisions import NOBODY, ChunkKey, Claim, failed_at, take
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.expired_rows import purge_expired
from messaging.stores.sql.store import SqlStore

_PURGED_BY_ONE_IN = 100


class SqlDecisionStore:
    """Implements `messaging.stores.decisions.DecisionStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

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
        wanted = Decision(at=now, claimed_until=until)

        def attempt(known: Mapping[str, Decision]) -> Claim:
            return take(known, user_ids, wanted, decided)

        claim, created = await self._calls.write(
            "claim", lambda database: _claim(database, key, attempt, now, expires_at)
        )
        count("claim", read=int(not created), written=int(bool(claim.written)))
        return claim

    async def record(
        self, key: ChunkKey, decisions: Mapping[str, Decision], *, expires_at: datetime
    ) -> None:
        await self._calls.write(
            "record", lambda database: _record(database, key, decisions, expires_at)
        )
        count("record", written=1)

    async def list_decisions(self, conversation_id: str, message_id: str) -> Mapping[str, Decision]:
        found = await self._calls.read(
            "list_decisions", lambda database: _list_decisions(database, message_id)
        )
        count("list_decisions", read=max(len(found), 1))
        return {user_id: decision for chunk in found for user_id, decision in chunk.items()}

    async def claim_sweep(self, sweep_id: str, *, expires_at: datetime) -> bool:
        claimed = await self._calls.write(
            "claim_sweep", lambda database: _claim_sweep(database, sweep_id, expires_at)
        )
        count("claim_sweep", written=1)
        return claimed

    async def put_unfinished_sweep(
        self, boot_id: str, since: datetime | None, *, expires_at: datetime
    ) -> None:
        await self._calls.write(
            "put_unfinished_sweep",
            lambda database: _put_unfinished_sweep(database, boot_id, since, expires_at),
        )
        gone = since is None
        count("put_unfinished_sweep", written=int(not gone), deleted=int(gone))

    async def get_unfinished_sweep(self, boot_id: str) -> datetime | None:
        since = await self._calls.read(
            "get_unfinished_sweep", lambda database: _get_unfinished_sweep(database, boot_id)
        )
        count("get_unfinished_sweep", read=1)
        return since


def _claim(
    database: BaseDatabaseWrapper,
    key: ChunkKey,
    attempt: Callable[[Mapping[str, Decision]], Claim],
    now: datetime,
    expires_at: datetime,
) -> tuple[Claim, bool]:
    """Return the claim, and whether it is the first of this chunk."""
    if random.randrange(_PURGED_BY_ONE_IN) == 0:
        _purge(database, now)
    rows = DecisionRecord.objects.using(database.alias)
    if not rows.filter(message_id=key.message_id, chunk=key.chunk).exists():
        claim = attempt({})
        if _create(database, key, claim.written, expires_at):
            return claim, True
    with atomic(using=database.alias):
        record = _locked(database, key, expires_at)
        claim = attempt(people_of(record))
        if claim.written:
            _put(record, claim.written)
    return claim, False


def _record(
    database: BaseDatabaseWrapper,
    key: ChunkKey,
    decisions: Mapping[str, Decision],
    expires_at: datetime,
) -> None:
    with atomic(using=database.alias):
        _put(_locked(database, key, expires_at), decisions)


def _list_decisions(database: BaseDatabaseWrapper, message_id: str) -> list[dict[str, Decision]]:
    records = DecisionRecord.objects.using(database.alias).filter(
        message_id=message_id, expires_at__gt=datetime.now(UTC)
    )
    return [people_of(record) for record in records.order_by("chunk")]


def _claim_sweep(database: BaseDatabaseWrapper, sweep_id: str, expires_at: datetime) -> bool:
    try:
        with atomic(using=database.alias):
            SweepRecord.objects.using(database.alias).create(id=sweep_id, expires_at=expires_at)
    except IntegrityError:
        return False
    return True


def _put_unfinished_sweep(
    database: BaseDatabaseWrapper, boot_id: str, since: datetime | None, expires_at: datetime
) -> None:
    rows = SweepRecord.objects.using(database.alias)
    if since is None:
        rows.filter(id=_unfinished(boot_id)).delete()
    else:
        rows.update_or_create(
            id=_unfinished(boot_id), defaults={"since": since, "expires_at": expires_at}
        )


def _get_unfinished_sweep(database: BaseDatabaseWrapper, boot_id: str) -> datetime | None:
    record = SweepRecord.objects.using(database.alias).filter(id=_unfinished(boot_id)).first()
    return None if record is None else record.since


def _unfinished(boot_id: str) -> str:
    return f"{boot_id}.unfinished"


def _create(
    database: BaseDatabaseWrapper,
    key: ChunkKey,
    people: Mapping[str, Decision],
    expires_at: datetime,
) -> bool:
    """Create the row of a chunk; return False if another process has just created it."""
    try:
        DecisionRecord.objects.using(database.alias).create(
            message_id=key.message_id,
            chunk=key.chunk,
            conversation_id=key.conversation_id,
            expires_at=expires_at,
            people=_people_json(people),
        )
    except IntegrityError:
        return False
    return True


def _locked(database: BaseDatabaseWrapper, key: ChunkKey, expires_at: datetime) -> DecisionRecord:
    """Return the row of a chunk, locked until the transaction ends."""
    records = DecisionRecord.objects.using(database.alias).select_for_update()
    record, _ = records.get_or_create(
        message_id=key.message_id,
        chunk=key.chunk,
        defaults={"conversation_id": key.conversation_id, "expires_at": expires_at},
    )
    return record


def _people_json(decisions: Mapping[str, Decision]) -> dict[str, Any]:
    return {user_id: _decision_json(one) for user_id, one in decisions.items()}


def _put(record: DecisionRecord, decisions: Mapping[str, Decision]) -> None:
    record.people |= _people_json(decisions)
    record.failed_at = failed_at(decisions) or record.failed_at
    record.save(update_fields=["people", "failed_at"])


def _purge(database: BaseDatabaseWrapper, now: datetime) -> None:
    """Delete a few expired rows: claims are frequent."""
    for model in (DecisionRecord, SweepRecord, ReportCopyRecord):
        purge_expired(database, model, now)


def people_of(record: DecisionRecord) -> dict[str, Decision]:
    return {user_id: _decision(stored, record.chunk) for user_id, stored in record.people.items()}


def _decision(stored: Mapping[str, Any], chunk: int) -> Decision:
    until = stored["claimed_until"]
    return Decision(
        verdict=stored["verdict"] and member_of(Verdict, stored["verdict"]),
        reason=stored["reason"],
        at=datetime.fromisoformat(stored["at"]),
        devices=stored["devices"],
        claimed_until=until and datetime.fromisoformat(until),
        chunk=chunk,
    )


def _decision_json(decision: Decision) -> dict[str, Any]:
    until = decision.claimed_until
    return {
        "verdict": decision.verdict and decision.verdict.value,
        "reason": decision.reason,
        "at": decision.at.isoformat(),
        "devices": dict(decision.devices),
        "claimed_until": until and until.isoformat(),
    }
