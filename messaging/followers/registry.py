"""The registered followers: each with its generation, its epoch, and its walk.

A walk visits all conversations. A follower that begins with everything stored walks once at its
start. A new generation voids all checkpoints: after a restore, or for a rebuild.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.transaction import atomic

from messaging.followers.follower import Follower
from messaging.models import CheckpointRecord, FollowerRecord
from messaging.stores.sql.connections.clock import now

_DELETED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    name: str
    started_at: datetime
    generation: int
    epoch: str
    """The id of the epoch that its checkpoints belong to."""
    walk_after: str | None
    """The last conversation that the walk has visited, empty at its start; None if the walk is
    complete."""
    walk_began_at: datetime | None

    @property
    def walking_since(self) -> datetime | None:
        """Return when the unfinished walk began."""
        return None if self.walk_after is None else self.walk_began_at


def register(database: BaseDatabaseWrapper, follower: Follower, *, epoch: str) -> Registration:
    """Return the registration of a follower, which is created at its first start. If the store was
    restored meanwhile, it begins a new generation."""
    at = now(database)
    records = FollowerRecord.objects.using(database.alias)
    record = records.filter(name=follower.name).first()
    if record is None:
        record, _ = records.get_or_create(
            name=follower.name,
            defaults={
                "started_at": at,
                "epoch": epoch,
                "walk_after": "" if follower.from_beginning else None,
                "walk_began_at": at if follower.from_beginning else None,
            },
        )
    if record.epoch != epoch:
        records.filter(name=follower.name, epoch=record.epoch).update(
            generation=F("generation") + 1,
            epoch=epoch,
            started_at=at,
            walk_after="" if follower.from_beginning else None,
            walk_began_at=at if follower.from_beginning else None,
        )
        record.refresh_from_db()
    return _registration(record)


def get_registered(database: BaseDatabaseWrapper, name: str) -> Registration | None:
    record = FollowerRecord.objects.using(database.alias).filter(name=name).first()
    return None if record is None else _registration(record)


def list_registered(database: BaseDatabaseWrapper) -> Sequence[Registration]:
    return [_registration(one) for one in FollowerRecord.objects.using(database.alias).all()]


def begin_walk(database: BaseDatabaseWrapper, name: str) -> None:
    """Begin a new generation with a walk through all conversations."""
    FollowerRecord.objects.using(database.alias).filter(name=name).update(
        generation=F("generation") + 1, walk_after="", walk_began_at=now(database)
    )


def lease_walk(
    database: BaseDatabaseWrapper, name: str, *, owner: str, seconds: float
) -> Registration | None:
    """Lease the next step of an unfinished walk. Return None if there is none, or if another
    process has it."""
    at = now(database)
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=at) | Q(owner=owner)
    unfinished = FollowerRecord.objects.using(database.alias).filter(
        free, name=name, walk_after__isnull=False
    )
    if not unfinished.update(owner=owner, leased_until=at + timedelta(seconds=seconds)):
        return None
    return _registration(FollowerRecord.objects.using(database.alias).get(name=name))


def end_step(
    database: BaseDatabaseWrapper, walked: Registration, *, owner: str, after: str | None
) -> None:
    """Store how far a walk has come, and end the lease of its step."""
    FollowerRecord.objects.using(database.alias).filter(
        name=walked.name, generation=walked.generation, owner=owner
    ).update(walk_after=after, owner="", leased_until=None)


def unregister(database: BaseDatabaseWrapper, name: str) -> None:
    """Delete a follower with its checkpoints."""
    FollowerRecord.objects.using(database.alias).filter(name=name).delete()
    checkpoints = CheckpointRecord.objects.using(database.alias).filter(follower=name)
    while some := list(checkpoints.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
        with atomic(using=database.alias):
            CheckpointRecord.objects.using(database.alias).filter(pk__in=some).delete()


def _registration(record: FollowerRecord) -> Registration:
    return Registration(
        name=record.name,
        started_at=record.started_at,
        generation=record.generation,
        epoch=record.epoch,
        walk_after=record.walk_after,
        walk_began_at=record.walk_began_at,
    )
