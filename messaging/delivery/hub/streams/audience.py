"""The connections that get the events of one conversation.

A connection gets them once `hello` or an event has informed its client that it is in the
conversation, and while its person is in it. If `hello` named a version ahead of the delivery here,
the connection gets only higher versions: that version is its floor.
"""

from collections.abc import Container, Iterable, Mapping, Sequence, Set

from messaging.delivery.hub.connections import Connection


class Audience:
    def __init__(self, conversation_id: str) -> None:
        self._conversation_id = conversation_id
        self._announced_to: set[Connection] = set()
        self._floors: dict[Connection, int] = {}
        self._current: list[Connection] | None = None

    @property
    def announced_to(self) -> Set[Connection]:
        """Return the connections whose clients know that they are in this conversation."""
        return self._announced_to

    def announce(self, connection: Connection, *, floor: int = 0) -> None:
        """Add a connection to whose client the conversation is announced. `floor`: the version
        that its `hello` names, if that is ahead of the delivery here."""
        self._announced_to.add(connection)
        connection.conversations.add(self._conversation_id)
        if floor:
            self._floors[connection] = floor
        self._current = None

    def withdraw(self, connections: Iterable[Connection]) -> None:
        """Remove connections whose clients are not in this conversation any more."""
        for connection in connections:
            self._announced_to.discard(connection)
            connection.conversations.discard(self._conversation_id)
            self._floors.pop(connection, None)
        self._current = None

    def people_changed(self) -> None:
        """Look up the connections again: a person was added or removed."""
        self._current = None

    def among(self, participants: Container[str]) -> Sequence[Connection]:
        """Return the connections of participants whose clients know that they are in it. The list
        is cached until people change, and must not be modified."""
        if self._current is None:
            self._current = [c for c in self._announced_to if c.user_id in participants]
        return self._current

    def above(self, version: int, participants: Container[str]) -> Sequence[Connection]:
        """Return those of `among` that get this version, and drop floors below it."""
        current = self.among(participants)
        if not self._floors:
            return current
        self._floors = {c: floor for c, floor in self._floors.items() if floor >= version}
        return [connection for connection in current if connection not in self._floors]

    def floors_above(self, version: int) -> Mapping[Connection, int]:
        """Return the floors above this version, by connection."""
        return {c: floor for c, floor in self._floors.items() if floor > version}

    def forget_floors(self, version: int) -> None:
        """Drop the floors up to this version, which was delivered."""
        self._floors = dict(self.floors_above(version))

    def has_state(self, connection: Connection, version: int) -> bool:
        """Return whether its `hello` named this version or a later one ahead of the delivery here.
        Then its client knows all changes of people up to there."""
        return self._floors.get(connection, -1) >= version

    def greeted(self, joined: Mapping[str, int]) -> Mapping[Connection, int]:
        """Return the connections whose `hello` named a state in which their person had already
        joined, each with its floor. `joined` is the version of joining, by user id."""
        return {
            connection: floor
            for connection, floor in self._floors.items()
            if joined.get(connection.user_id, floor + 1) <= floor
        }
