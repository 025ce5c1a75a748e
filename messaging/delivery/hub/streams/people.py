"""The people of a conversation, and which of their clients know of it, as its stream continues.

The rules: a removal reaches everyone who was informed that they are in the conversation. A
conversation is announced to every connected participant who was not informed. Conversations in
`hello` are not announced again.
"""

from collections.abc import Iterable, Mapping, Sequence, Set

from messaging.delivery.delivery import Delivery
from messaging.delivery.hub.connections import Connection, Connections
from messaging.delivery.hub.streams.actions import Action, Announce, Replay, Reread, Withdraw
from messaging.delivery.hub.streams.audience import Audience
from messaging.delivery.hub.streams.roster import Roster
from messaging.domain.conversation import Conversation


class People:
    def __init__(self, roster: Roster, audience: Audience, connections: Connections) -> None:
        """Create the people. `connections` are all connections of this instance."""
        self._roster = roster
        self._audience = audience
        self._connections = connections

    @property
    def participants(self) -> Mapping[str, int]:
        return self._roster.participants

    @property
    def count(self) -> int | None:
        return self._roster.count

    @property
    def announced_to(self) -> Set[Connection]:
        return self._audience.announced_to

    def audience(self) -> Sequence[Connection]:
        """Return the connections that get the conversation's events; do not modify the list."""
        return self._audience.among(self._roster.participants)

    def audience_of(self, version: int) -> Sequence[Connection]:
        """Return the connections that get this version, the next to be delivered."""
        return self._audience.above(version, self._roster.participants)

    def is_in(self, user_id: str, version: int = -1) -> bool | None:
        """Return whether a person is in the conversation, as `Roster.is_in`."""
        return self._roster.is_in(user_id, version)

    # Changes of the conversation

    def advance(self, delivery: Delivery) -> Sequence[Action]:
        """Apply a delivered change. The change's own frame informs everyone who must learn of their
        removal."""
        self._roster.advance(delivery.version)
        if not (delivery.added or delivery.removed):
            return ()
        actions: list[Action] = []
        gone = [
            connection
            for connection in self._connections.of_all(delivery.removed)
            if connection in self.announced_to
            and not self._audience.has_state(connection, delivery.version)
        ]
        self._withdraw(gone, actions, notify=False)
        self._roster.apply(delivery, self._connections)
        self._audience.people_changed()
        if delivery.announcement is not None:
            added = [
                connection
                for connection in self._connections.of_all(delivery.added)
                if not self._audience.has_state(connection, delivery.added[connection.user_id])
            ]
            self._announce(added, delivery.announcement, actions)
        return actions

    def replace(self, conversation: Conversation, since: int) -> Sequence[Action]:
        """Continue from a state that was read, with everything above the version `since` replayed.
        A person who was removed within this gap gets nothing of it. A person who was added within
        it loads the conversation again."""
        version, actions = conversation.version, list[Action]()
        people = joined_versions(conversation)
        gone = [
            connection
            for connection in self.announced_to
            if connection.user_id not in people
            # Otherwise its person was in it again by then.
            and not self._audience.has_state(connection, version)
        ]
        self._withdraw(gone, actions, notify=True)
        connected, participants = self._connections, self._roster.participants
        matter = {u: v for u, v in people.items() if u in connected or u in participants}
        self._roster.keep_only({user_id for user_id, joined in matter.items() if joined <= since})
        self._audience.people_changed()
        newcomers = {
            user_id: joined
            for user_id, joined in matter.items()
            if user_id in connected and user_id not in self._roster.participants
        }
        greeted = self._audience.greeted(newcomers)
        actions.append(Replay(since, self.audience(), self._audience.floors_above(since)))
        # They joined before the state in their `hello`: they get nothing from before it, and
        # everything after it.
        actions += [Replay(floor, [c], {}) for c, floor in greeted.items() if floor < version]
        self._roster.replace(version, matter, len(people))
        self._audience.people_changed()
        uninformed = [
            connection
            for connection in self._connections.of_all(matter)
            if connection not in greeted
            and (connection.user_id in newcomers or connection not in self.announced_to)
        ]
        self._announce(uninformed, None, actions)
        self._audience.forget_floors(version)
        return actions

    def introduce(self, conversation: Conversation) -> Sequence[Action]:
        """Announce a conversation, whose state is not above the delivery here, to its connected
        participants who do not know of it."""
        actions: list[Action] = []
        uninformed: list[Connection] = []
        unknown = False
        for user_id, person in conversation.participants.items():
            if user_id not in self._connections or self._all_know(user_id):
                continue
            known = self._roster.learn(user_id, conversation.version, person.joined_version)
            unknown = unknown or known is None
            if known:
                own = self._connections.of(user_id)
                uninformed += [one for one in own if one not in self.announced_to]
        self._announce(uninformed, None, actions)
        if unknown:
            actions.append(Reread())
        return actions

    def look_for(self, user_ids: Iterable[str]) -> Sequence[Action]:
        """Read the conversation if one of these added people may not know of it."""
        if any(
            user_id in self._connections
            and not self._all_know(user_id)
            and self._roster.is_in(user_id) is not False
            for user_id in user_ids
        ):
            return [Reread()]
        return ()

    # Connects and disconnects

    def announce_to_connected(self, *, besides: Connection | None) -> Sequence[Action]:
        """Announce the conversation to its connected participants, except to the connection that
        requested it."""
        actions: list[Action] = []
        here = self._connections.of_all(self._roster.participants)
        self._announce([one for one in here if one is not besides], None, actions)
        return actions

    def admit(self, connection: Connection, *, version: int, joined: int, floor: int = 0) -> bool:
        """Let a connection get the events from now on, or those above `floor`. At `version` the
        store showed its person in the conversation since `joined`. Return False if they are not
        known to be in it now."""
        if not self._roster.learn(connection.user_id, version, joined):
            return False
        self._audience.announce(connection, floor=floor)
        return True

    def leave(self, connections: Iterable[Connection]) -> None:
        """Remove connections that have ended."""
        self._audience.withdraw(tuple(connections))

    def learn(self, user_id: str, *, version: int, joined: int) -> None:
        """Record a person whom the store showed at `version` in it since `joined`."""
        self._roster.learn(user_id, version, joined)
        self._audience.people_changed()

    def learn_count(self, count: int | None) -> None:
        self._roster.learn_count(count)

    def _all_know(self, user_id: str) -> bool:
        """Return whether all clients of this person know that they are in the conversation."""
        return all(one in self.announced_to for one in self._connections.of(user_id))

    def _withdraw(
        self, connections: Sequence[Connection], actions: list[Action], *, notify: bool
    ) -> None:
        if connections:
            self._audience.withdraw(connections)
            actions.append(Withdraw(connections, notify))

    def _announce(
        self, connections: Sequence[Connection], frame: str | None, actions: list[Action]
    ) -> None:
        for connection in connections:
            self._audience.announce(connection)
        if connections:
            actions.append(Announce(connections, frame))


def joined_versions(conversation: Conversation) -> Mapping[str, int]:
    """Return the participants as a roster keeps them: the version they joined at, by user id."""
    return {
        user_id: participant.joined_version
        for user_id, participant in conversation.participants.items()
    }
