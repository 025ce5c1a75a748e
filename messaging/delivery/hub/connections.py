"""The connected clients of this process."""

import asyncio
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime
from enum import Enum
from typing import Protocol

from messaging.delivery.hub.activity import Activity
from messaging.delivery.shared_frames import SharedFrames
from messaging.instruments.metrics import SOCKETS


class Ending(Enum):
    """Why the core ends a connection. `chat.socket` has the close codes."""

    DRAINING = "draining"
    ACCESS_REVOKED = "access_revoked"
    """The person is banned or logged out, and may get nothing more."""
    RESTORED = "restored"
    """A backup of the store was restored: the client's data is invalid."""
    TOO_MANY = "too_many"
    """The person has opened many other connections since."""


class Outlet(Protocol):
    """The target of a connection's frames. It never blocks or raises: the hub calls it during a
    fan-out."""

    def put(self, frame: str) -> None:
        """Write a frame that must not be lost: if it cannot be stored, the connection ends."""

    def put_shared(self, frames: SharedFrames) -> None:
        """Write frames that other sockets get, too. A frame with a key may be dropped, and it
        replaces a waiting frame of the same key; no other may be lost."""

    def end(self, reason: Ending) -> None: ...


class Connection:
    """One socket of one person, as the hub sees it."""

    def __init__(
        self, connection_id: str, user_id: str, outlet: Outlet, *, signed_in_at: datetime
    ) -> None:
        self.id = connection_id
        self.user_id = user_id
        self.signed_in_at = signed_in_at
        self.expires_at: datetime | None = None
        """When the person's token expires; None if it does not."""
        self.transmit: Callable[[str], None] = outlet.put
        self.transmit_shared: Callable[[SharedFrames], None] = outlet.put_shared
        self.end = outlet.end
        self.activity = Activity()
        self.watched: frozenset[str] = frozenset()
        """The people whose presence this client watches."""
        self.truncated = False
        """Whether the person has more conversations than `hello` named."""
        self.conversations: set[str] = set()
        """The conversations that this client knows it is in, by id; maintained by their streams."""


class Connections:
    """All connections, by user id."""

    def __init__(self) -> None:
        self._by_user: dict[str, list[Connection]] = {}
        self._left = asyncio.Event()
        self._left.set()

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._by_user

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    @property
    def user_ids(self) -> Sequence[str]:
        return tuple(self._by_user)

    def among(self, user_ids: Set[str]) -> Set[str]:
        """Return which of these people are connected here. This costs by the smaller of the two
        groups: a sync opens a hundred conversations in one step, each with a thousand people."""
        return self._by_user.keys() & user_ids

    def of(self, user_id: str) -> Sequence[Connection]:
        return tuple(self._by_user.get(user_id, ()))

    def of_all(self, user_ids: Iterable[str]) -> Iterable[Connection]:
        for user_id in user_ids:
            yield from tuple(self._by_user.get(user_id, ()))  # some may leave during the loop

    def everyone(self) -> Sequence[Connection]:
        return tuple(self.of_all(self.user_ids))

    def add(self, connection: Connection) -> None:
        self._by_user.setdefault(connection.user_id, []).append(connection)
        SOCKETS.inc()
        self._left.clear()

    def remove(self, connection: Connection) -> bool:
        """Remove a connection. Return False if it was not here (any more)."""
        connections = self._by_user.get(connection.user_id, [])
        if connection not in connections:
            return False
        connections.remove(connection)
        SOCKETS.dec()
        if not connections:
            del self._by_user[connection.user_id]
        if not self._by_user:
            self._left.set()
        return True

    async def all_left(self) -> None:
        """Wait until there is none."""
        await self._left.wait()
