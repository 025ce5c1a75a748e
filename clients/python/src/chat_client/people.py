"""The names and pictures of people, by user id.

An observable: `subscribe` and `snapshot`. Messages and events name people by id. No event tells of
another name, so a profile is loaded again when somebody needs it after ten minutes.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from chat_client.concurrency.batches import Batches
from chat_client.concurrency.observable import Store
from chat_client.models import Me, User, Users
from chat_client.requests import Requests

_FRESH = 600.0
MAX_KEPT = 5000
"""How many profiles are kept."""


class People:
    def __init__(self, chat: Requests) -> None:
        self._chat = chat
        self._kept: dict[str, tuple[User | None, float]] = {}
        """By user id, the latest last, with the time when it was loaded."""
        self._batches = Batches(self._ask)
        self._store = Store(self._snapshot)

    @property
    def snapshot(self) -> Mapping[str, User]:
        """By user id."""
        return self._store.snapshot

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        return self._store.subscribe(listener)

    def name(self, user_id: str) -> str:
        """The name of a person to show: their id, as long as no name is known."""
        user, _ = self._kept.get(user_id, (None, 0.0))
        return user_id if user is None or user.name is None else user.name

    async def need(self, *user_ids: str) -> None:
        """Load people, except the people whom a recent answer named. Requests of one step of the
        event loop become one. Raises ChatError."""
        now = time.monotonic()
        missing = [
            one for one in user_ids if one not in self._kept or now - self._kept[one][1] >= _FRESH
        ]
        await asyncio.gather(*map(self._batches.ask, missing))

    async def of_conversation(self, conversation_id: str) -> None:
        """Load the present and former people of a conversation. Raises ChatError."""
        cursor: str | None = None
        while True:
            query = {"conversation_id": conversation_id, "cursor": cursor, "limit": 100}
            page = await self._chat.request("GET", "users", query=query, kind=Users)
            self._keep(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return

    async def change(self, **changes: str | None) -> User:
        """Change my own `name`, my `picture`, or both. Raises ChatError."""
        me = await self._chat.request("PATCH", "me", body=changes, kind=Me)
        user = User(user_id=me.user_id, name=me.name, picture=me.picture, is_service=me.is_service)
        self._keep([user])
        return user

    async def _ask(self, ids: Sequence[str]) -> Mapping[str, User]:
        query: dict[str, Any] = {"user_ids": ",".join(ids)}
        answer = await self._chat.request("GET", "users", query=query, kind=Users)
        found = {one.user_id: one for one in answer.items}
        # Who shares no conversation with me is not asked for again at once.
        self._keep(answer.items, [one for one in ids if one not in found])
        return found

    def _keep(self, users: Sequence[User], unknown: Sequence[str] = ()) -> None:
        now = time.monotonic()
        for user_id, user in [
            *((one, None) for one in unknown),
            *((one.user_id, one) for one in users),
        ]:
            self._kept.pop(user_id, None)
            self._kept[user_id] = (user, now)
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._store.changed()

    def _snapshot(self) -> Mapping[str, User]:
        return MappingProxyType(
            {user_id: user for user_id, (user, _) in self._kept.items() if user is not None}
        )
