"""Access: who may be connected here, as far as this instance knows.

What is known of a person is read from the store when they first come, and kept: every change of it
is told by the link, and by the polls of the store while the link is down. A change ends the
sockets that it no longer admits in the same step, so that nothing is handed to them afterwards.
"""

from collections import OrderedDict
from collections.abc import Iterable

import structlog

from messaging.delivery.connection import Connections, Ending
from messaging.entities import Access
from messaging.store.people import PeopleStore

logger = structlog.get_logger(__name__)

_MOST_PEOPLE = 50_000


class AccessList:
    """Bounded, least recently asked for out first."""

    def __init__(self, *, store: PeopleStore, connections: Connections) -> None:
        self._store = store
        self._connections = connections
        self._known: OrderedDict[str, Access] = OrderedDict()

    def knows(self, user_id: str) -> bool:
        """Whether `get` answers without the store."""
        return user_id in self._known

    async def get(self, user_id: str) -> Access:
        """What holds for a person; one read of the store where it is not known here. Raises
        StoreUnavailable."""
        known = self._known.get(user_id)
        if known is not None:
            self._known.move_to_end(user_id)
            return known
        # It may have been changed, and heard of, while it was read: the newer one is kept.
        return self._keep(await self._store.get_access(user_id))

    def learn(self, access: Access) -> None:
        """It was changed, here or elsewhere. Learning it again does nothing."""
        access = self._keep(access)
        ended = 0
        for connection in self._connections.of(access.user_id):
            if not access.admits(connection.signed_in_at):
                connection.end(Ending.SHUT_OUT)
                ended += 1
        if ended:
            logger.info("access.sockets_closed", user_id=access.user_id, connections=ended)

    def clear(self) -> None:
        """Forget everybody: the store is asked again."""
        self._known.clear()

    def learn_all(self, people: Iterable[Access]) -> None:
        for access in people:
            self.learn(access)

    def _keep(self, access: Access) -> Access:
        known = self._known.get(access.user_id)
        if known is not None and not _is_newer(access, known):
            return known
        self._known[access.user_id] = access
        self._known.move_to_end(access.user_id)
        if len(self._known) > _MOST_PEOPLE:
            self._known.popitem(last=False)
        return access


def _is_newer(one: Access, other: Access) -> bool:
    if one.changed_at is None:
        return False
    return other.changed_at is None or one.changed_at > other.changed_at
