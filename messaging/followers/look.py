"""The look of a follower: whether its registration has changed, and what is due. A process at rest
takes one every few seconds, so it is one statement if the answer is no."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Exists

from messaging.followers.checkpoints import Checkpoints, Due
from messaging.followers.registry import Registration, get_registered
from messaging.models import CheckpointRecord, FollowerRecord
from messaging.stores.sql.connections.compiled import Compiled

_COLUMNS = ("generation", "epoch", "started_at", "walk_after", "walk_began_at")
"""All that a registration has."""


class Look:
    """Its methods run in a thread, with its connection."""

    def __init__(self, follower: str, checkpoints: Checkpoints) -> None:
        self._follower = follower
        self._checkpoints = checkpoints
        due = CheckpointRecord.objects.filter(follower=follower, due_at__isnull=False)
        self._state = Compiled(
            lambda: FollowerRecord.objects.filter(name=follower).values_list(*_COLUMNS, Exists(due))
        )
        self._seen: tuple[Sequence[Any], Registration | None] = ((), None)
        """The columns that were read last, as the driver returned them, and what they mean."""

    def read(self, database: BaseDatabaseWrapper, *, limit: int) -> tuple[Registration | None, Due]:
        """Return the registration, None if there is none yet, and what is due: so many
        conversations of it at most."""
        rows = self._state.rows(database)
        if not rows:
            return None, Due()
        *columns, is_due = rows[0]
        seen, registered = self._seen
        if columns != seen:
            registered = get_registered(database, self._follower)
            self._seen = columns, registered
        due = self._checkpoints.find_due(database, limit=limit) if is_due else Due()
        return registered, due
