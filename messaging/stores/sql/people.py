"""People on Django's ORM."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.people import ERASING, Access, AddedBy, Privacy, Profile
from messaging.models import PersonRecord, ReadPositionRecord
from messaging.stores.people import ChangedAccess, lately_left
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.connections.shared_reads import SharedReads
from messaging.stores.sql.store import SqlStore

_ACCESS = {
    vendor: 'SELECT "valid_after", "banned_until", "access_changed_at" FROM "messaging_person"'  # noqa: S608  nothing of a request is in it
    f' WHERE "user_id" = {mark}'
    for vendor, mark in (("sqlite", "?"), ("postgresql", "%s"))
}


class SqlPeopleStore:
    """Implements `messaging.stores.people.PeopleStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls
        self._accesses = SharedReads(self._calls, "get_access")

    async def get_access(self, user_id: str) -> Access:
        found = await self._accesses.read(lambda database: _get_access(database, user_id))
        count("get_access", read=1)
        return found

    async def log_out(self, user_id: str, *, at_least: datetime | None = None) -> Access:
        access = await self._calls.write(
            "log_out", lambda database: _change_access(database, user_id, at_least=at_least)
        )
        count("log_out", read=1, written=1)
        return access

    async def revoke(self, user_id: str, *, up_to: datetime) -> Access:
        access = await self._calls.write(
            "revoke", lambda database: _revoke(database, user_id, up_to)
        )
        count("revoke", read=1, written=1)
        return access

    async def set_ban(self, user_id: str, *, until: datetime | None) -> Access:
        access = await self._calls.write(
            "set_ban", lambda database: _change_access(database, user_id, {"banned_until": until})
        )
        count("set_ban", read=1, written=1)
        return access

    async def list_changed_access(self, *, since: datetime) -> ChangedAccess:
        changed = await self._calls.read(
            "list_changed_access", lambda database: _list_changed(database, since)
        )
        count("list_changed_access", read=max(len(changed.people), 1))
        return changed

    async def get_blocks(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        blocks = await self._calls.read(
            "get_blocks", lambda database: _get_blocks(database, user_ids)
        )
        count("get_blocks", read=len(user_ids))
        return blocks

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        if not user_ids:
            return {}
        found = await self._calls.read(
            "get_privacy", lambda database: _get_privacy(database, user_ids)
        )
        count("get_privacy", read=len(user_ids))
        return found

    async def note_left(self, user_id: str, conversation_id: str) -> None:
        await self._calls.write(
            "note_left", lambda database: _note_left(database, user_id, conversation_id)
        )
        count("note_left", read=1, written=1)

    async def set_block(self, user_id: str, other_id: str, *, blocked: bool) -> None:
        await self._calls.write(
            "set_block", lambda database: _set_block(database, user_id, other_id, blocked)
        )
        count("set_block", written=1)

    async def get_profiles(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        found = await self._calls.read(
            "get_profiles", lambda database: _get_profiles(database, user_ids)
        )
        count("get_profiles", read=len(user_ids))
        return found

    async def set_profile(self, user_id: str, changes: Mapping[str, str]) -> None:
        await self._calls.write(
            "set_profile", lambda database: _set_profile(database, user_id, changes)
        )
        count("set_profile", written=1)

    async def complete_profile(self, user_id: str, offered: Mapping[str, str]) -> None:
        await self._calls.write(
            "complete_profile", lambda database: _complete_profile(database, user_id, offered)
        )
        count("complete_profile", read=1, written=1)

    async def list_members(
        self, conversation_id: str, *, limit: int, after: str = ""
    ) -> Sequence[str]:
        found = await self._calls.read(
            "list_members", lambda database: _list_members(database, conversation_id, limit, after)
        )
        count("list_members", read=max(len(found), 1))
        return found


def _get_access(database: BaseDatabaseWrapper, user_id: str) -> Access:
    """Each socket that opens reads this: the ORM takes ten times as long as a fixed statement."""
    with native_cursor(database) as cursor:
        cursor.execute(_ACCESS[database.vendor], (user_id,))
        found = cursor.fetchone()
    valid_after, banned_until, changed_at = map(_aware, found or (None, None, None))
    return Access(
        user_id=user_id, valid_after=valid_after, banned_until=banned_until, changed_at=changed_at
    )


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite's driver returns times without a zone; they are in UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _change_access(
    database: BaseDatabaseWrapper,
    user_id: str,
    ban: Mapping[str, Any] | None = None,
    *,
    at_least: datetime | None = None,
) -> Access:
    """Ban or unban a person; without a ban, log them out."""
    records = PersonRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        at = now(database)
        changes = {"valid_after": max(at, at_least or at)} if ban is None else ban
        record, _ = records.update_or_create(
            user_id=user_id, defaults={"access_changed_at": at, **changes}
        )
    return read_access(record)


def _revoke(database: BaseDatabaseWrapper, user_id: str, up_to: datetime) -> Access:
    records = PersonRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        record, _ = records.select_for_update().get_or_create(user_id=user_id)
        if record.valid_after is None or record.valid_after < up_to:
            record.valid_after, record.access_changed_at = up_to, now(database)
            record.save(update_fields=["valid_after", "access_changed_at"])
    return read_access(record)


def _list_changed(database: BaseDatabaseWrapper, since: datetime) -> ChangedAccess:
    read_at = now(database)
    records = PersonRecord.objects.using(database.alias).filter(access_changed_at__gte=since)
    return ChangedAccess(people=[read_access(record) for record in records], read_at=read_at)


def _get_blocks(
    database: BaseDatabaseWrapper, user_ids: Sequence[str]
) -> dict[str, frozenset[str]]:
    records = PersonRecord.objects.using(database.alias).filter(user_id__in=user_ids)
    blocks = {record.user_id: frozenset(record.blocked) for record in records}
    return {user_id: blocks.get(user_id, frozenset()) for user_id in user_ids}


def _get_privacy(database: BaseDatabaseWrapper, user_ids: Sequence[str]) -> dict[str, Privacy]:
    records = PersonRecord.objects.using(database.alias).in_bulk(list(user_ids))
    return {
        user_id: _privacy(records[user_id]) if user_id in records else Privacy(user_id=user_id)
        for user_id in user_ids
    }


def _privacy(record: PersonRecord) -> Privacy:
    return Privacy(
        user_id=record.user_id,
        blocked=frozenset(record.blocked),
        private_reading=record.private_reading,
        added_by=member_of(AddedBy, record.added_by),
        left=left_groups(record),
        erasing=record.banned_until == ERASING,
    )


def left_groups(record: PersonRecord) -> dict[str, datetime]:
    return {id_: datetime.fromisoformat(at) for id_, at in record.left_groups.items()}


def _note_left(database: BaseDatabaseWrapper, user_id: str, conversation_id: str) -> None:
    records = PersonRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        record, _ = records.select_for_update().get_or_create(user_id=user_id)
        left = lately_left(left_groups(record), conversation_id, now(database))
        record.left_groups = {id_: at.isoformat() for id_, at in left.items()}
        record.save(update_fields=["left_groups"])


def _set_block(database: BaseDatabaseWrapper, user_id: str, other_id: str, blocked: bool) -> None:
    records = PersonRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        record, _ = records.select_for_update().get_or_create(user_id=user_id)
        others = set(record.blocked)
        wanted = others | {other_id} if blocked else others - {other_id}
        if wanted != others:
            record.blocked = sorted(wanted)
            record.save(update_fields=["blocked"])


def _get_profiles(database: BaseDatabaseWrapper, user_ids: Sequence[str]) -> dict[str, Profile]:
    records = PersonRecord.objects.using(database.alias).filter(user_id__in=user_ids)
    found = {
        user_id: Profile(user_id=user_id, name=name, picture=picture)
        for user_id, name, picture in records.values_list("user_id", "name", "picture")
    }
    return {user_id: found.get(user_id) or Profile(user_id=user_id) for user_id in user_ids}


def _set_profile(database: BaseDatabaseWrapper, user_id: str, changes: Mapping[str, str]) -> None:
    with atomic(using=database.alias):
        PersonRecord.objects.using(database.alias).update_or_create(
            user_id=user_id, defaults=changes
        )


def _complete_profile(
    database: BaseDatabaseWrapper, user_id: str, offered: Mapping[str, str]
) -> None:
    records = PersonRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        record, _ = records.select_for_update().get_or_create(user_id=user_id)
        missing = [field for field in offered if getattr(record, field) is None]
        for field in missing:
            setattr(record, field, offered[field])
        if missing:
            record.save(update_fields=missing)


def _list_members(
    database: BaseDatabaseWrapper, conversation_id: str, limit: int, after: str
) -> list[str]:
    positions = ReadPositionRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id, user_id__gt=after
    )
    return list(positions.order_by("user_id").values_list("user_id", flat=True)[:limit])


def access_of(user_id: str, record: PersonRecord | None) -> Access:
    return Access(user_id=user_id) if record is None else read_access(record)


def read_access(record: PersonRecord) -> Access:
    return Access(
        user_id=record.user_id,
        valid_after=record.valid_after,
        banned_until=record.banned_until,
        changed_at=record.access_changed_at,
    )
