"""One conversation as an instance delivers it: events and states in, actions out.

The stream delivers the next version, drops a delivered version, and holds a version that is ahead
until those before it arrive. If they do not arrive, they are read from the store, and the state
that was read replaces them. People are added and removed in version order and in the same step as
the delivery, so nobody gets an event with a higher version than their removal.

This is a state machine without input or output. `actions` lists its requests, and nothing else
writes its fields. It reads who is connected from the given registry.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.hub.connections import Connection, Connections
from messaging.delivery.hub.streams.actions import Action, Deliver, Fill, Read
from messaging.delivery.hub.streams.audience import Audience
from messaging.delivery.hub.streams.people import People
from messaging.delivery.hub.streams.roster import Roster
from messaging.domain.conversation import Conversation

MAX_WAITING = 1_000
"""How far ahead a version may be to be held. Further ones are read from the store."""


class Position(NamedTuple):
    """The position of a conversation in `hello`: every later event has a higher version."""

    version: int
    seq: int


class Stream:
    def __init__(
        self,
        conversation_id: str,
        version: int,
        seq: int,
        participants: Mapping[str, int],
        *,
        connections: Connections,
        count: int | None = None,
    ) -> None:
        """Create a stream. `version` and `seq` are the start of the delivery. `participants` and
        `count` are as in `Roster`. `connections` are all connections of this instance."""
        self.conversation_id = conversation_id
        roster = Roster(version, participants, count)
        self._people = People(roster, Audience(conversation_id), connections)
        self._version = version
        self._seq = seq
        self._last_message_at = 0.0
        self._waiting: dict[int, Delivery] = {}
        self._replacements: dict[int, dict[str, str]] = {}
        """The frames that people get in place of those of waiting deliveries, by version and user
        id."""
        self._known = version
        """The highest version known to exist. Above `version`, something is missing here."""
        self._polled: Conversation | None = None
        """A state from another read, for the next read of missing versions."""
        self._filling = False
        self._followed = True

    @property
    def version(self) -> int:
        """Return the last version that was delivered here."""
        return self._version

    @property
    def seq(self) -> int:
        """Return the number of the latest message at that version."""
        return self._seq

    @property
    def last_message_at(self) -> float:
        """Return when a message was last delivered here, by the monotonic clock."""
        return self._last_message_at

    @property
    def participants(self) -> Mapping[str, int]:
        """Return the participants who matter here at that version: the version they joined at, by
        user id."""
        return self._people.participants

    @property
    def count(self) -> int | None:
        """Return the number of all participants; None if unknown."""
        return self._people.count

    @property
    def is_behind(self) -> bool:
        """Return whether versions are known to exist that were not delivered here."""
        return self._known > self._version

    @property
    def is_filling(self) -> bool:
        """Return whether it has requested missing versions, and `end_fill` was not called yet."""
        return self._filling

    @property
    def announced_to(self) -> Set[Connection]:
        """Return the connections whose clients know that they are in this conversation."""
        return self._people.announced_to

    def audience(self) -> Sequence[Connection]:
        """Return the connections that get its events; do not modify the list."""
        return self._people.audience()

    def is_in(self, user_id: str, version: int = -1) -> bool | None:
        """Return whether a person is in the conversation, as `Roster.is_in`."""
        return self._people.is_in(user_id, version)

    # Incoming events

    def push(
        self,
        deliveries: Iterable[Delivery],
        now: float,
        replacements: Iterable[Replacement] = (),
    ) -> Sequence[Action]:
        """Take the changes of a commit, in any order and with repetitions. `now` is the time by the
        monotonic clock."""
        for replacement in replacements:
            if self._version < replacement.version <= self._version + MAX_WAITING:
                of_version = self._replacements.setdefault(replacement.version, {})
                of_version |= dict.fromkeys(replacement.user_ids, replacement.frame)
        actions: list[Action] = []
        passed: list[str] = []
        for delivery in deliveries:
            version = delivery.version
            self._known = max(self._known, version)
            if version <= self._version:
                passed.extend(delivery.added)
            elif version <= self._version + MAX_WAITING:
                self._waiting[version] = delivery
        self._deliver_waiting(now, actions)
        self._require_versions(actions)
        if passed:
            # The stream may have begun above their joining, from another person's membership.
            actions += self.look_for(passed)
        return actions

    def note_version(self, version: int) -> Sequence[Action]:
        """Note that this version exists: if it is missing here, wait for it, then read it."""
        actions: list[Action] = []
        self._known = max(self._known, version)
        self._require_versions(actions)
        return actions

    def look_for(self, user_ids: Iterable[str]) -> Sequence[Action]:
        """Look for added people. Filling a gap announces the conversation by itself."""
        return () if self.is_behind else self._people.look_for(user_ids)

    # States from the store

    def take_state(self, conversation: Conversation) -> Sequence[Action]:
        """Take a state from another read: deliver what is missing up to it, or `introduce` it."""
        if conversation.version <= self._version:
            return self.introduce(conversation)
        actions: list[Action] = []
        self._known = max(self._known, conversation.version)
        if self._polled is None or self._polled.version < conversation.version:
            self._polled = conversation
        self._require_versions(actions)
        return actions

    def introduce(self, conversation: Conversation) -> Sequence[Action]:
        """Announce the conversation to its connected people who do not know of it, because it is
        followed from another person's membership. A state above the delivery changes nothing:
        filling the gap announces it."""
        return () if conversation.version > self._version else self._people.introduce(conversation)

    def begin_read(self) -> Read | None:
        """Return the next read, or None if nothing is missing any more.

        Reads are strongly consistent: a version that was known before a read and is not in its
        answer does not exist, and is not looked for again.
        """
        if not (self._followed and self.is_behind):
            return None
        read = Read(self._version, self._known, self._polled)
        self._polled = None
        self._known = self._version
        return read

    def end_read(
        self, read: Read, conversation: Conversation | None, now: float
    ) -> Sequence[Action]:
        """Continue from the state that was read; None if there is nothing above `read.since`. More
        may have been delivered since: only higher versions are replayed."""
        if read.state is not None:  # from another read, which began before some of it was known
            self._known = max(self._known, read.known)
        if conversation is None or not self._followed or conversation.version <= self._version:
            return ()
        version = conversation.version
        actions = list(self._people.replace(conversation, self._version))
        self._version = version
        self._seq = conversation.seq
        self._known = max(self._known, version)
        self._waiting = {v: d for v, d in self._waiting.items() if v > version}
        self._replacements = {v: own for v, own in self._replacements.items() if v > version}
        self._deliver_waiting(now, actions)
        return actions

    def abandon_read(self, read: Read) -> None:
        """Note that the store has not answered: all known versions are still missing."""
        self._known = max(self._known, read.known)

    def end_fill(self) -> None:
        """Note that no further read follows until the stream requests one."""
        self._filling = False
        if not self.is_behind:
            self._waiting.clear()  # these versions do not exist
            self._replacements.clear()

    # Connects and disconnects

    def announce_to_connected(self, *, besides: Connection | None) -> Sequence[Action]:
        """Announce a newly followed conversation to its connected people, except to the connection
        that requested it."""
        return self._people.announce_to_connected(besides=besides)

    def join(
        self, connection: Connection, *, version: int, seq: int, joined: int
    ) -> Position | None:
        """Return the position for the `hello` of this connection, for a person whom the store
        showed at `version` in the conversation since `joined`; None if they were removed since."""
        floor = version if version > self._version else 0
        if not self._people.admit(connection, version=version, joined=joined, floor=floor):
            return None
        return Position(max(version, self._version), max(seq, self._seq))

    def rejoin(self, connection: Connection) -> Position | None:
        """Return the position for the `hello` of this connection, for a person who is known here to
        be in the conversation; None if unknown."""
        if not self._people.admit(connection, version=-1, joined=0):
            return None
        return Position(self._version, self._seq)

    def admit(self, connection: Connection, *, version: int, joined: int) -> bool:
        """Make the conversation live on this connection, whose client has loaded its state at
        `version`. Return False if its person was removed since."""
        return self._people.admit(connection, version=version, joined=joined)

    def leave(self, connection: Connection) -> None:
        """Remove a connection that has ended."""
        self._people.leave([connection])

    def keep_companion(self, user_id: str, *, version: int, joined: int, count: int) -> None:
        """Record a person whose presence is watched here, as the store showed them at `version`."""
        self._people.learn_count(count)
        self._people.learn(user_id, version=version, joined=joined)

    # Following

    def release(self) -> None:
        """Stop following it: events may be missed, and nothing is read for it."""
        self._followed = False
        self._people.leave(self.announced_to)

    def resume(self, version: int, participants: Mapping[str, int], count: int | None) -> None:
        """Follow it again from its last version, which is not below the `version` that was read."""
        for user_id, joined in participants.items():
            self._people.learn(user_id, version=version, joined=joined)
        if version == self._version:
            self._people.learn_count(count)
        self._followed = True

    # Internals

    def _require_versions(self, actions: list[Action]) -> None:
        if self.is_behind and not self._filling:
            self._filling = True
            actions.append(Fill(wait=self._polled is None))

    def _deliver_waiting(self, now: float, actions: list[Action]) -> None:
        while (delivery := self._waiting.pop(self._version + 1, None)) is not None:
            self._version = delivery.version
            audience = self._people.audience_of(delivery.version)
            if self._replacements and (own := self._replacements.pop(self._version, None)):
                actions += _each_their_own(delivery.frame, own, audience)
            else:
                actions.append(Deliver(delivery.frame, audience))
            if delivery.seq:
                self._seq = max(self._seq, delivery.seq)
                self._last_message_at = now
            actions += self._people.advance(delivery)


def _each_their_own(
    frame: str, replacements: Mapping[str, str], audience: Sequence[Connection]
) -> Sequence[Action]:
    """Deliver the replacements to the people whom they are for, and the frame to everyone else."""
    getting: dict[str, list[Connection]] = {}
    for connection in audience:
        getting.setdefault(replacements.get(connection.user_id, frame), []).append(connection)
    return [Deliver(one, connections) for one, connections in getting.items()]
