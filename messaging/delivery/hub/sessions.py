"""Sessions: connects and disconnects, and which conversations each connection is in.

The cost of a connect grows with the person's conversations, not with the people in them. `hello`
names each conversation at the later of the store's version and the delivered version. Every later
event has a higher version than `hello` names.
"""

from collections.abc import Iterable, Sequence, Set

from messaging.delivery.hub.connections import Connection, Connections, Ending
from messaging.delivery.hub.conversations import Conversations
from messaging.delivery.hub.streams.stream import Position
from messaging.domain.conversation import Companion, Conversation, Membership
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.limits import get_limits
from messaging.stores.conversations import Store

_READS_AGAIN = 5


class Sessions:
    def __init__(
        self, *, store: Store, connections: Connections, conversations: Conversations
    ) -> None:
        self._store = store
        self._connections = connections
        self._conversations = conversations
        self._following = conversations.following
        self._sightings = conversations.sightings
        self._recently_disconnected = conversations.recently_disconnected
        self._lists_reliable = True

    # The list for `hello`

    def stale(self, user_id: str, places: Sequence[Membership]) -> set[str]:
        """Return the conversations whose membership must be read again: they are delivered here
        beyond the version that was read, or this person was added recently, and this instance does
        not know whether they are in the conversation now."""
        named = {place.conversation_id for place in places}
        unknown = {
            place.conversation_id
            for place in places
            if (stream := self._following.latest(place.conversation_id)) is not None
            and stream.is_in(user_id, place.version) is None
        }
        for conversation_id in self._sightings.added_to(user_id) - named:
            followed = self._following.streams.get(conversation_id)
            if followed is not None and followed.is_in(user_id) is None:
                unknown.add(conversation_id)
        return unknown

    def forgot_additions(self, since: float) -> bool:
        """Return whether people were added of whom nothing is known any more. `since` is a time by
        the monotonic clock. A list that was read at that time may lack conversations."""
        return self._sightings.forgot_since(since)

    async def refresh(self, user_id: str, places: Sequence[Membership]) -> Sequence[Membership]:
        """Return a person's memberships with the stale ones read again. The caller connects without
        an await in between.

        Raises StoreUnavailable, also if they are stale again each time.
        """
        absent: set[str] = set()
        for _ in range(_READS_AGAIN):
            unknown = self.stale(user_id, places) - absent
            if not unknown:
                return places
            again = await self._store.get_memberships(user_id, sorted(unknown))
            absent |= unknown - {place.conversation_id for place in again}
            kept = [place for place in places if place.conversation_id not in unknown]
            places = [*kept, *again]
        raise StoreUnavailable

    # Connects and disconnects

    def connect(
        self, connection: Connection, places: Sequence[Membership]
    ) -> dict[str, dict[str, int]]:
        """Register a connection. Return the version and seq in its `hello` for each of its
        conversations, which were just read from the store. None of them may be `stale`.

        The caller passes `hello` to the connection without an await in between, so that it is the
        first frame, and every later event has a higher version.
        """
        user_id = connection.user_id
        named: dict[str, Position] = {}
        for place in places:
            stream = self._conversations.open_place(user_id, place)
            position = stream.join(
                connection, version=place.version, seq=place.seq, joined=place.joined_version
            )
            if position is not None:  # otherwise removed since the query
                named[place.conversation_id] = position
                self._conversations.note_version(place.conversation_id, position.version)
        self._connections.add(connection)
        for conversation_id in self._sightings.added_to(user_id) - named.keys():
            added_to = self._following.streams.get(conversation_id)
            if added_to is None:
                self._conversations.discover(conversation_id, [user_id])
            elif (position := added_to.rejoin(connection)) is not None:
                named[conversation_id] = position
        return _as_named(named)

    def reconnect(self, connection: Connection) -> dict[str, dict[str, int]] | None:
        """Connect without a list from the store, for a person with another socket here, or who left
        a moment ago and whose conversations are all still followed here.

        Returns None if the store must be read. A truncated list is always read: after a removal it
        lacks the conversations that moved up, and may be complete now.
        """
        user_id = connection.user_id
        listed = self._list_of(user_id) or self._recently_disconnected.pop(user_id)
        if listed is None or not listed <= self._following.streams.keys():
            return None
        named: dict[str, Position] = {}
        for conversation_id in listed:
            position = self._following.streams[conversation_id].rejoin(connection)
            if position is not None:
                named[conversation_id] = position
        self._connections.add(connection)
        return _as_named(named)

    def _list_of(self, user_id: str) -> frozenset[str] | None:
        """Return the conversations that another socket of this person knows, which is complete as
        long as no addition is missed; None if there is no such socket, or it is truncated."""
        for connection in self._connections.of(user_id):
            if self._lists_reliable and not connection.truncated:
                return frozenset(connection.conversations)
        return None

    def disconnect(self, connection: Connection) -> None:
        """Remove a connection. Idempotent."""
        if not self._connections.remove(connection):
            return
        user_id, conversations = connection.user_id, frozenset(connection.conversations)
        if user_id not in self._connections and self._lists_reliable:
            self._recently_disconnected.forget([user_id])
            if not connection.truncated:
                self._recently_disconnected.remember(user_id, conversations)
        for conversation_id in conversations:
            self._conversations.leave(conversation_id, connection)

    def end_all(self) -> None:
        """End and drop all connections: the store has another history."""
        ended = self._connections.everyone()
        for connection in ended:
            self._connections.remove(connection)
        self._conversations.clear()
        for connection in ended:
            connection.end(Ending.RESTORED)

    def invalidate_lists(self) -> None:
        """Read the store for every `hello` from now on: additions may be missed."""
        self._lists_reliable = False
        self._recently_disconnected.clear()

    def revalidate_lists(self) -> None:
        """Trust the lists that are kept from now on: no addition is missed."""
        self._lists_reliable = True

    # Requests of clients

    def admit(self, connection: Connection, conversation: Conversation) -> bool:
        """Make a conversation that the client named itself live on its socket.

        Return False if this person is known to have been removed after that state of it.
        """
        user_id = connection.user_id
        latest = self._following.latest(conversation.id)
        if latest is not None and latest.is_in(user_id, conversation.version) is False:
            return False
        stream = self._conversations.open(conversation, besides=connection)
        joined = conversation.participants[user_id].joined_version
        if not stream.admit(connection, version=conversation.version, joined=joined):
            return False
        self._conversations.note_version(conversation.id, conversation.version)
        return True

    def is_stale(self, user_id: str, conversation: Conversation) -> bool:
        """Return whether a person's conversation must be read again before `admit`: it is delivered
        here beyond that version, and this instance does not know whether they are in it."""
        latest = self._following.latest(conversation.id)
        return latest is not None and latest.is_in(user_id, conversation.version) is None

    def companions(self, connection: Connection, user_ids: Set[str]) -> set[str]:
        """Return the people who are known here to share a conversation at or below the fan-out
        limit with this connection's person. For others the store is read, see `keep_companions`."""
        most = get_limits().fan_out_participants
        known: set[str] = set()
        for conversation_id in connection.conversations:
            stream = self._following.streams[conversation_id]
            if stream.count is not None and stream.count <= most:
                known |= user_ids & stream.participants.keys()
            if len(known) == len(user_ids):
                break
        return known

    def keep_companions(self, connection: Connection, companions: Iterable[Companion]) -> None:
        """Record people who share conversations with this connection's person, as just read from
        the store. While these conversations are followed here, their events show when that ends."""
        for companion in companions:
            stream = self._following.streams.get(companion.conversation_id)
            if stream is not None and connection in stream.announced_to:
                stream.keep_companion(
                    companion.user_id,
                    version=companion.version,
                    joined=companion.joined_version,
                    count=companion.participant_count,
                )


def _as_named(positions: dict[str, Position]) -> dict[str, dict[str, int]]:
    return {
        conversation_id: {"version": one.version, "seq": one.seq}
        for conversation_id, one in positions.items()
    }
