"""Loads of files that run, or that were killed: an operator sees them, and gives them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.identifiers import derived_id
from messaging.models import LoadRecord
from messaging.models.deletions import FILE_LENGTH
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

SEEN_SECONDS = 30.0
"""How often a running load is seen."""
STOPPED_AFTER = timedelta(minutes=5)
_MAX_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedLoad:
    load_id: str
    """The id of the file."""
    file: str
    """The name of the file, without its folder."""
    command: str
    begun_at: datetime
    seen_at: datetime
    conversations: int
    """The conversations that it has loaded."""
    stopped: bool
    """Whether it was not seen for minutes: it was killed, or its machine is cut off."""


class LoadStore:
    """Every method can be repeated, and may raise `StoreUnavailable`."""

    def __init__(self, calls: Calls) -> None:
        """Create it. `calls` are those of `DATABASE_URL`."""
        self._calls = calls

    async def begin(self, load_id: str, *, file: str, command: str) -> None:
        """Note that a load begins, or goes on."""
        await self._calls.write("begin_load_record", _begin, load_id, file, command)

    async def see(self, load_id: str, *, conversations: int) -> None:
        """Note that a load still runs, and how many conversations it has loaded."""
        await self._calls.write("see_load_record", _see, load_id, conversations)

    async def end(self, load_id: str) -> None:
        """Forget a load that has ended."""
        await self._calls.write("end_load_record", _end, load_id)

    async def list_unfinished(self) -> Sequence[UnfinishedLoad]:
        """Return the loads that have not ended, the oldest first; a hundred at most."""
        return await self._calls.read("list_load_records", list_unfinished)


def _key(load_id: str) -> str:
    return derived_id("unfinished load", load_id)


def _begin(database: BaseDatabaseWrapper, load_id: str, file: str, command: str) -> None:
    at = now(database)
    LoadRecord.objects.using(database.alias).update_or_create(
        id=_key(load_id),
        defaults={"seen_at": at},
        create_defaults={
            "load_id": load_id,
            "file": file[:FILE_LENGTH],
            "command": command,
            "begun_at": at,
            "seen_at": at,
        },
    )


def _see(database: BaseDatabaseWrapper, load_id: str, conversations: int) -> None:
    records = LoadRecord.objects.using(database.alias).filter(id=_key(load_id))
    records.update(seen_at=now(database), conversations=conversations)


def _end(database: BaseDatabaseWrapper, load_id: str) -> None:
    LoadRecord.objects.using(database.alias).filter(id=_key(load_id)).delete()


def list_unfinished(database: BaseDatabaseWrapper) -> list[UnfinishedLoad]:
    at = now(database)
    records = LoadRecord.objects.using(database.alias).order_by("begun_at", "id")
    return [
        UnfinishedLoad(
            load_id=one.load_id,
            file=one.file,
            command=one.command,
            begun_at=one.begun_at,
            seen_at=one.seen_at,
            conversations=one.conversations,
            stopped=at - one.seen_at > STOPPED_AFTER,
        )
        for one in records[:_MAX_LISTED]
    ]
