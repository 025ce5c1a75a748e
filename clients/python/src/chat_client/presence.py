"""Whether people are there.

An observable: `subscribe` and `snapshot`. Parts of an app watch the people that they show. All
parts together watch at most 300 people: the first 300 that they asked for.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from msgspec import convert

from chat_client.client import ChatClient
from chat_client.concurrency.delays import retry_delay
from chat_client.concurrency.observable import Store
from chat_client.concurrency.tasks import Tasks
from chat_client.errors import ChatError
from chat_client.events import ConnectionEvent, PresenceEvent
from chat_client.models import PersonPresence, PresenceList

MAX_WATCHED = 300
"""How many people the server lets one person watch, by default."""


class Presence:
    def __init__(self, chat: ChatClient) -> None:
        self._chat = chat
        self._tasks = Tasks()
        self._people: dict[str, PersonPresence] = {}
        """Who is no longer watched stays until the end of the step of the event loop: the server
        tells nothing anew of who is watched again at once."""
        self._watches: dict[str, int] = {}
        """By user id: how many watch."""
        self._asked: frozenset[str] = frozenset()
        """The people whom the server watches for this connection."""
        self._is_asking = False
        self._store = Store(self._snapshot)
        self._ends = [
            chat.on(PresenceEvent, self._event),
            chat.on(ConnectionEvent, lambda _: self._reconnected()),
        ]

    @property
    def snapshot(self) -> Mapping[str, PersonPresence]:
        """By user id."""
        return self._store.snapshot

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        return self._store.subscribe(listener)

    def watch(self, user_ids: Iterable[str]) -> Callable[[], None]:
        """Watch these people too. Returns a function that ends this."""
        ids = set(user_ids)
        for user_id in ids:
            self._become(user_id, self._watches.get(user_id, 0) + 1)
        self._ask_soon()

        def end() -> None:
            for user_id in ids:
                self._become(user_id, self._watches.get(user_id, 0) - 1)
            ids.clear()
            self._ask_soon()

        return end

    async def aclose(self) -> None:
        """Watch nobody any more."""
        for end in self._ends:
            end()
        await self._tasks.aclose()
        if self._asked:
            with contextlib.suppress(ChatError):  # without a connection, nobody is watched
                await self._chat.command("presence.watch", {"user_ids": []})
            self._asked = frozenset()
        self._watches.clear()
        self._people.clear()
        self._store.changed()

    def _become(self, user_id: str, count: int) -> None:
        """So many watch this person."""
        if count > 0:
            self._watches[user_id] = count
        else:
            self._watches.pop(user_id, None)
        if user_id in self._people:
            self._store.changed()

    def _forget(self) -> None:
        for user_id in self._people.keys() - self._watches.keys():
            del self._people[user_id]

    def _snapshot(self) -> Mapping[str, PersonPresence]:
        return MappingProxyType(
            {user_id: one for user_id, one in self._people.items() if user_id in self._watches}
        )

    def _ask_soon(self) -> None:
        """Send all changes of one step of the event loop as one command."""
        asyncio.get_running_loop().call_soon(self._forget)
        if not self._is_asking:
            self._is_asking = True
            self._tasks.start(self._ask())

    def _reconnected(self) -> None:
        self._asked = frozenset()  # a watch belongs to one connection
        self._ask_soon()

    async def _ask(self) -> None:
        attempt = 0
        try:
            while self._chat.connection.snapshot.state == "live":
                wanted = frozenset(list(self._watches)[:MAX_WATCHED])
                if wanted == self._asked:
                    return
                self._asked = wanted
                try:
                    answer = await self._chat.command("presence.watch", {"user_ids": list(wanted)})
                except ChatError as error:
                    if not error.is_retryable:
                        return  # refused: it would be again
                    self._asked = frozenset()
                    await asyncio.sleep(retry_delay(error, attempt))
                    attempt += 1
                else:
                    for person in convert(answer, PresenceList).items:
                        self._changed(person)
        finally:
            self._is_asking = False

    def _event(self, event: PresenceEvent) -> None:
        self._changed(
            PersonPresence(
                user_id=event.user_id, status=event.status, last_active_at=event.last_active_at
            )
        )

    def _changed(self, person: PersonPresence) -> None:
        if person.user_id in self._watches:
            self._people[person.user_id] = person
            self._store.changed()
