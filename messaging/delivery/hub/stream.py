"""One conversation as an instance follows it: versions in, in any order; versions out, in order.

Of the participants it keeps those who matter here: the people who are connected to this process,
and those whose presence is watched here. A person who connects later brings their own place in the
conversation, as the store had it at some version. If the stream is ahead of that version, it needs
to know whether they were removed since: it remembers the latest changes of people.

No input or output here. The hub feeds it and does what it says.
"""

from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping, Set

from messaging.delivery.batch import Delivery
from messaging.delivery.hub.connections import Connection
from messaging.domain.conversation import Conversation

_MAX_WAITING = 1_000
_REMEMBERED_CHANGES = 50
"""Of how many people a stream remembers when they came or went. A user id has at most 128 bytes."""


class Stream:
    def __init__(
        self,
        conversation_id: str,
        version: int,
        seq: int,
        participants: Mapping[str, int],
        *,
        count: int | None = None,
    ) -> None:
        """`count`: the number of all participants; None if it is not known."""
        self.conversation_id = conversation_id
        self.version = version
        """The last version that was delivered here."""
        self.seq = seq
        """The number of the latest message at that version."""
        self.spoken_at = 0.0
        """When a message was last handed out here, on the monotonic clock."""
        self.participants = dict(participants)
        """Those who matter here and are in the conversation at that version: the version they
        joined at, by user id."""
        self.count = count
        self._changes: OrderedDict[str, tuple[int, int | None]] = OrderedDict()
        """The latest change of a person: at which version, and the version they joined at, None
        for a removal."""
        self._changes_above = version
        """All changes of people above this version are remembered."""
        self.known = version
        """The highest version heard of; above `version`, something is missing here."""
        self.filling = False
        """Whether the missing versions are being waited for or read."""
        self.found: Conversation | None = None
        """A state that was read from the store just now, above `version`."""
        self.followed = True
        """False once the hub has let go of it."""
        self.told: set[Connection] = set()
        """The connections whose clients know that they are in this conversation."""
        self._waiting: dict[int, Delivery] = {}
        self._audience: list[Connection] | None = None
        self._floors: dict[Connection, int] = {}

    @property
    def behind(self) -> bool:
        return self.known > self.version

    def push(self, deliveries: Iterable[Delivery]) -> None:
        """Take what was published. What was delivered before is dropped."""
        for delivery in deliveries:
            self.known = max(self.known, delivery.version)
            # Beyond the bound the store has it: the gap is filled from there.
            if self.version < delivery.version <= self.version + _MAX_WAITING:
                self._waiting[delivery.version] = delivery

    def pop_ready(self) -> Iterator[Delivery]:
        """The deliveries whose turn it is, each removed from what waits."""
        while (delivery := self._waiting.pop(self.version + 1, None)) is not None:
            self.version = delivery.version
            self.seq = max(self.seq, delivery.seq)
            yield delivery

    def forget_ahead(self) -> None:
        """Nothing is missing here, so what waits above is of versions that do not exist."""
        if not self.behind:
            self._waiting.clear()

    def jump(
        self,
        version: int,
        seq: int,
        participants: Mapping[str, int],
        *,
        count: int | None = None,
    ) -> None:
        """Continue from a state read from the store. Who came and went up to there is not known
        one by one."""
        self.version = version
        self.count = count
        self._changes.clear()
        self._changes_above = version
        self.seq = seq
        self.known = max(self.known, version)
        self.participants = dict(participants)
        self._waiting = {v: d for v, d in self._waiting.items() if v > version}
        self._audience = None

    def apply_people(self, delivery: Delivery, here: Container[str]) -> None:
        """The log itself adds and removes people, in the order of versions. `here`: the people
        who are connected to this process."""
        for user_id, joined in delivery.added.items():
            if user_id in here or user_id in self.participants:
                self.participants[user_id] = joined
            self._remember(user_id, delivery.version, joined)
        for user_id in delivery.removed:
            self.participants.pop(user_id, None)
            self._remember(user_id, delivery.version, None)
        if self.count is not None:
            self.count += len(delivery.added) - len(delivery.removed)
        self._audience = None

    def _remember(self, user_id: str, version: int, joined: int | None) -> None:
        self._changes[user_id] = (version, joined)
        self._changes.move_to_end(user_id)
        if len(self._changes) > _REMEMBERED_CHANGES:
            _, (forgotten, _) = self._changes.popitem(last=False)
            self._changes_above = forgotten

    # Who is in it

    def is_in(self, user_id: str, version: int = -1) -> bool | None:
        """Return whether a person who was in the conversation at `version` is in it at the later
        of that version and the stream's. None if the stream does not know. Without a version:
        whether the stream knows by itself that they are in it."""
        if user_id in self.participants:
            return True
        if version >= self.version:
            return True
        changed_at, joined = self._changes.get(user_id, (-1, None))
        if changed_at > version:
            return joined is not None
        return True if self._changes_above <= version else None

    def learn(self, user_id: str, version: int, joined: int) -> bool | None:
        """Keep a person of whom the store said at `version` that they joined at `joined`, if they
        are in the conversation. Returns what `is_in` says."""
        known = self.is_in(user_id, version)
        if known and user_id not in self.participants:
            _, later = self._changes.get(user_id, (-1, None))
            self.participants[user_id] = max(joined, later or 0)
            self._audience = None
        return known

    def keep_only(self, user_ids: Set[str]) -> None:
        """Everybody else is out, whatever comes next."""
        self.participants = {u: v for u, v in self.participants.items() if u in user_ids}
        self._audience = None

    # Who gets it

    def tell(self, connection: Connection) -> None:
        """Its client is told, by `hello` or an event, that it is in this conversation."""
        self.told.add(connection)
        connection.told.add(self.conversation_id)
        self._audience = None

    def withdraw(self, connection: Connection) -> None:
        self.told.discard(connection)
        connection.told.discard(self.conversation_id)
        self._floors.pop(connection, None)
        self._audience = None

    def audience(self) -> list[Connection]:
        """The connections of participants who were told; kept until somebody comes or goes."""
        if self._audience is None:
            self._audience = [
                connection for connection in self.told if connection.user_id in self.participants
            ]
        return self._audience

    def audience_of(self, version: int) -> list[Connection]:
        """The audience less those whose `hello` named this version or a later one."""
        audience = self.audience()
        if not self._floors:
            return audience
        self._floors = {c: floor for c, floor in self._floors.items() if floor >= version}
        return [connection for connection in audience if connection not in self._floors]

    def start_above(self, connection: Connection, version: int) -> None:
        """This connection was told the state of `version`: it gets what is above."""
        if version > self.version:
            self._floors[connection] = version

    def has_state(self, connection: Connection, version: int) -> bool:
        """Whether its `hello` named this version or a later one, which is ahead of the delivery
        here: then it knows who came and went up to there."""
        return self._floors.get(connection, 0) >= version

    def greeted(self, joined: Mapping[str, int]) -> Mapping[Connection, int]:
        """Those whose `hello` named a state in which they had joined already: that version."""
        return {
            connection: floor
            for connection, floor in self._floors.items()
            if joined.get(connection.user_id, floor + 1) <= floor
        }
