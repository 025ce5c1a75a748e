"""One conversation as an instance delivers it: events and states in, actions out.

The next version is delivered, a version that was delivered is dropped, and one that is ahead waits
for those before it. If these stay away they are read from the store, and the state that was read
replaces them. People are added and removed in the order of versions and in the same step as the
delivery, so that nobody gets anything above their removal.

A state machine without input or output: `actions` lists what it asks for, and nobody else writes
its fields. It reads who is connected from the registry that it is given.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from messaging.delivery.delivery import Delivery
from messaging.delivery.hub.connections import Connection, Connections
from messaging.delivery.hub.streams.actions import Action, Deliver, Fill, Read
from messaging.delivery.hub.streams.audience import Audience
from messaging.delivery.hub.streams.people import People
from messaging.delivery.hub.streams.roster import Roster
from messaging.domain.conversation import Conversation

MAX_WAITING = 1_000
"""How far ahead a version may be to be kept. Any further, it is read from the store."""


class Position(NamedTuple):
    """What `hello` names of a conversation: every frame after it is above this version."""

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
        """`version` and `seq`: where the delivery begins. `participants`, `count`: as `Roster`
        keeps them. `connections`: all connections of this instance."""
        self.conversation_id = conversation_id
        roster = Roster(version, participants, count)
        self._people = People(roster, Audience(conversation_id), connections)
        self._version = version
        self._seq = seq
        self._last_message_at = 0.0
        self._waiting: dict[int, Delivery] = {}
        self._known = version
        """The highest version known to exist; above `version`, something is missing here."""
        self._polled: Conversation | None = None
        """A state that was read by somebody else, for the next read of missing versions."""
        self._filling = False
        self._followed = True

    @property
    def version(self) -> int:
        """The last version that was delivered here."""
        return self._version

    @property
    def seq(self) -> int:
        """The number of the latest message at that version."""
        return self._seq

    @property
    def last_message_at(self) -> float:
        """When a message was last delivered here, on the monotonic clock."""
        return self._last_message_at

    @property
    def participants(self) -> Mapping[str, int]:
        """The participants who matter here at that version: the version they joined at, by user
        id."""
        return self._people.participants

    @property
    def count(self) -> int | None:
        """The number of all participants; None if it is not known."""
        return self._people.count

    @property
    def is_behind(self) -> bool:
        """Whether versions are known to exist that were not delivered here."""
        return self._known > self._version

    @property
    def is_filling(self) -> bool:
        """Whether it has asked for missing versions, and `end_fill` was not called yet."""
        return self._filling

    @property
    def announced_to(self) -> Set[Connection]:
        """The connections whose clients know that they are in this conversation."""
        return self._people.announced_to

    def audience(self) -> Sequence[Connection]:
        """Return the connections that get its events; not to be changed."""
        return self._people.audience()

    def is_in(self, user_id: str, version: int = -1) -> bool | None:
        """Return whether somebody is in the conversation, as `Roster.is_in`."""
        return self._people.is_in(user_id, version)

    # Events arrive

    def push(self, deliveries: Iterable[Delivery], now: float) -> Sequence[Action]:
        """Take the changes of a commit, in any order and however often they come. `now`: the
        moment on the monotonic clock."""
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
        if passed:  # the stream may have begun above their joining, with somebody else's place
            actions += self.look_for(passed)
        return actions

    def note_version(self, version: int) -> Sequence[Action]:
        """This version exists: what is missing here is waited for, then read."""
        actions: list[Action] = []
        self._known = max(self._known, version)
        self._require_versions(actions)
        return actions

    def look_for(self, user_ids: Iterable[str]) -> Sequence[Action]:
        """These people were added. Filling a gap announces the conversation by itself."""
        return () if self.is_behind else self._people.look_for(user_ids)

    # A state was read

    def take_state(self, conversation: Conversation) -> Sequence[Action]:
        """Take a state that was read by somebody else: deliver what is missing up to there, or
        `introduce` it."""
        if conversation.version <= self._version:
            return self.introduce(conversation)
        actions: list[Action] = []
        self._known = max(self._known, conversation.version)
        if self._polled is None or self._polled.version < conversation.version:
            self._polled = conversation
        self._require_versions(actions)
        return actions

    def introduce(self, conversation: Conversation) -> Sequence[Action]:
        """Announce it to those who are connected and in the conversation, and do not know of it,
        because it is followed from somebody else's place. A state above the delivery changes
        nothing: filling the gap announces it."""
        return () if conversation.version > self._version else self._people.introduce(conversation)

    def begin_read(self) -> Read | None:
        """Return what to read next, or None if nothing is missing any more.

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
        """Continue from the state that was read, None if there is nothing above `read.since`.
        More may have been delivered since: only what is above that is replayed."""
        if read.state is not None:  # read by somebody else, before some of it was known
            self._known = max(self._known, read.known)
        if conversation is None or not self._followed or conversation.version <= self._version:
            return ()
        version = conversation.version
        actions = list(self._people.replace(conversation, self._version))
        self._version = version
        self._seq = conversation.seq
        self._known = max(self._known, version)
        self._waiting = {v: d for v, d in self._waiting.items() if v > version}
        self._deliver_waiting(now, actions)
        return actions

    def abandon_read(self, read: Read) -> None:
        """The store has not answered: everything that was known is still missing."""
        self._known = max(self._known, read.known)

    def end_fill(self) -> None:
        """No further read is made until the stream asks again."""
        self._filling = False
        if not self.is_behind:
            self._waiting.clear()  # of versions that do not exist

    # Connections come and go

    def announce_to_connected(self, *, besides: Connection | None) -> Sequence[Action]:
        """Announce a conversation that is followed from now on to its people who are connected,
        except to one connection that asked for it."""
        return self._people.announce_to_connected(besides=besides)

    def join(
        self, connection: Connection, *, version: int, seq: int, joined: int
    ) -> Position | None:
        """Return what the `hello` of this connection names, for a person whom the store showed at
        `version` to be in the conversation since `joined`; None if they were removed since."""
        floor = version if version > self._version else 0
        if not self._people.admit(connection, version=version, joined=joined, floor=floor):
            return None
        return Position(max(version, self._version), max(seq, self._seq))

    def rejoin(self, connection: Connection) -> Position | None:
        """Return what the `hello` of this connection names, for a person who is known here to be
        in the conversation; None if that is not known."""
        if not self._people.admit(connection, version=-1, joined=0):
            return None
        return Position(self._version, self._seq)

    def admit(self, connection: Connection, *, version: int, joined: int) -> bool:
        """Make the conversation live on this connection, whose client has loaded its state at
        `version`. Return False if its person was removed since."""
        return self._people.admit(connection, version=version, joined=joined)

    def leave(self, connection: Connection) -> None:
        """This connection has ended."""
        self._people.leave([connection])

    def keep_companion(self, user_id: str, *, version: int, joined: int, count: int) -> None:
        """Keep a person whose presence is watched here, as the store showed them at `version`."""
        self._people.learn_count(count)
        self._people.learn(user_id, version=version, joined=joined)

    # Followed or not

    def release(self) -> None:
        """It is not followed any more: events may go unheard, and nothing is read for it."""
        self._followed = False
        self._people.leave(self.announced_to)

    def resume(self, version: int, participants: Mapping[str, int], count: int | None) -> None:
        """Follow it again where it was, which is not below the `version` that was read."""
        for user_id, joined in participants.items():
            self._people.learn(user_id, version=version, joined=joined)
        if version == self._version:
            self._people.learn_count(count)
        self._followed = True

    # Within

    def _require_versions(self, actions: list[Action]) -> None:
        if self.is_behind and not self._filling:
            self._filling = True
            actions.append(Fill(wait=self._polled is None))

    def _deliver_waiting(self, now: float, actions: list[Action]) -> None:
        while (delivery := self._waiting.pop(self._version + 1, None)) is not None:
            self._version = delivery.version
            actions.append(Deliver(delivery.frame, self._people.audience_of(delivery.version)))
            if delivery.seq:
                self._seq = max(self._seq, delivery.seq)
                self._last_message_at = now
            actions += self._people.advance(delivery)
