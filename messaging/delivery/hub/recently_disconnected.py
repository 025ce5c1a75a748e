"""Conversation lists of people who disconnected a moment ago, while they are known to be current.

A person who reconnects to the same instance within 55 seconds gets `hello` without a query: the hub
still follows their conversations. A list is dropped as soon as it may be outdated: when its person
is added to a conversation, and all lists when the link goes down. No lists are stored until the
link is up again.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable

_SECONDS = 55.0
"""Less than the time for which the hub follows a conversation without sockets."""
_MAX_USERS = 10_000


class RecentlyDisconnected:
    def __init__(self) -> None:
        self._lists: OrderedDict[str, tuple[frozenset[str], float]] = OrderedDict()

    def remember(self, user_id: str, conversations: frozenset[str]) -> None:
        """Remember a list. `conversations` are the ids of all of this person's conversations."""
        now = time.monotonic()
        self._lists[user_id] = (conversations, now + _SECONDS)
        self._lists.move_to_end(user_id)
        while self._oldest_until < now or len(self._lists) > _MAX_USERS:
            self._lists.popitem(last=False)

    def pop(self, user_id: str) -> frozenset[str] | None:
        conversations, until = self._lists.pop(user_id, (None, 0.0))
        return conversations if time.monotonic() < until else None

    def forget(self, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            self._lists.pop(user_id, None)

    def clear(self) -> None:
        self._lists.clear()

    @property
    def _oldest_until(self) -> float:
        return next(iter(self._lists.values()))[1]
