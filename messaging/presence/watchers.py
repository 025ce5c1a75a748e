"""Presence subscriptions: which sockets watch whom, and the events about changes.

The presence of everyone who is watched here is read every two seconds, in one round trip. The cost
grows with the people who are watched here, not with sockets or events. The changes in between
become one event. The users of a crashed instance go offline when its lease ends.

Not promised: an event about presence that changes and changes back within two seconds.
"""

import asyncio
from collections.abc import Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.connections import Connection
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.privacy import PrivacyList
from messaging.delivery.shared_frames import SharedFrames
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.people import PersonPresence, PresenceStatus
from messaging.presence.presence import Presence
from messaging.presence.reachable import Reachable
from messaging.wire.events import EventEncoder

_LOOK_SECONDS = 2.0


class PresenceWatch:
    def __init__(
        self,
        *,
        hub: Hub,
        presence: Presence,
        reachable: Reachable,
        privacy: PrivacyList,
        events: EventEncoder,
    ) -> None:
        self._hub = hub
        self._presence = presence
        self._reachable = reachable
        self._privacy = privacy
        self._events = events
        self._watchers: dict[str, set[Connection]] = {}
        """The watching connections, by watched user id."""
        self._announced: dict[str, PresenceStatus] = {}
        """The status that was last sent to the watchers of a person, by user id."""
        self._task: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)

    async def look(self, user_ids: Sequence[str]) -> Sequence[PersonPresence]:
        """Return the current presence; without Redis, as far as this instance knows. Raises
        StoreUnavailable."""
        people, _ = await self._look(user_ids)
        return people

    def watch(self, connection: Connection, user_ids: Sequence[str]) -> None:
        """Subscribe a connection to the presence of these people, and of nobody else."""
        self.unwatch(connection)
        connection.watched = frozenset(user_ids)
        for user_id in connection.watched:
            self._watchers.setdefault(user_id, set()).add(connection)
        if self._watchers and (self._task is None or self._task.done()):
            self._task = start_task(
                repeat(self._notify, failed="presence_watch.failed", during=self._is_watched)
            )

    def unwatch(self, connection: Connection) -> None:
        for user_id in connection.watched:
            watchers = self._watchers.get(user_id, set())
            watchers.discard(connection)
            if not watchers:
                self._watchers.pop(user_id, None)
                self._announced.pop(user_id, None)
        connection.watched = frozenset()

    async def notify(self, people: Sequence[PersonPresence]) -> None:
        """Notify the watchers of people whose status has changed, unless one of the two blocks the
        other. Raises StoreUnavailable: then the next lookup notifies them."""
        shown_to = {
            person.user_id: await self._shown_to(person.user_id)
            for person in people
            if self._announced.get(person.user_id) not in (None, person.status)
        }
        for person in people:
            watchers = self._watchers.get(person.user_id)
            if watchers is None:
                continue
            before = self._announced.get(person.user_id)
            if before is not None and before is not person.status:
                if person.user_id not in shown_to:
                    continue  # another status was announced meanwhile: the next lookup decides
                frame = SharedFrames(
                    self._events.presence_changed(person), key=f"presence.{person.user_id}"
                )
                for connection in tuple(watchers):
                    # A watcher who came since then has the status from the answer to the command.
                    if connection.user_id not in shown_to[person.user_id]:
                        continue
                    # They may have parted since.
                    if self._hub.sessions.companions(connection, {person.user_id}):
                        connection.transmit_shared(frame)
            self._announced[person.user_id] = person.status

    async def _shown_to(self, user_id: str) -> Set[str]:
        """Return the present watchers of a person without those whom the person blocks, or who
        block the person. Raises StoreUnavailable."""
        watchers = {one.user_id for one in self._watchers.get(user_id, ())}
        return watchers - await self._privacy.apart(user_id, list(watchers))

    def _is_watched(self) -> bool:
        return bool(self._watchers)

    async def _notify(self) -> None:
        await asyncio.sleep(_LOOK_SECONDS)
        with suppress(StoreUnavailable):
            people, complete = await self._look(list(self._watchers))
            if not complete:  # the others may still be connected elsewhere
                people = [one for one in people if one.status is PresenceStatus.ONLINE]
            await self.notify(people)

    async def _look(self, user_ids: Sequence[str]) -> tuple[Sequence[PersonPresence], bool]:
        if not user_ids:
            return [], True
        seen = await self._presence.look(user_ids)
        away = [user_id for user_id in user_ids if user_id not in seen.online]
        reachable = await self._reachable.among(away)

        def person(user_id: str) -> PersonPresence:
            status = PresenceStatus.OFFLINE
            if user_id in seen.online:
                status = PresenceStatus.ONLINE
            elif user_id in reachable:
                status = PresenceStatus.REACHABLE
            acted_at = seen.acted_at.get(user_id)
            return PersonPresence(
                user_id=user_id,
                status=status,
                last_active_at=None if acted_at is None else datetime.fromtimestamp(acted_at, UTC),
            )

        return [person(user_id) for user_id in user_ids], seen.complete
