"""One conversation as an instance follows it: versions in, in any order; versions out, in order.

No input or output here. The hub feeds it and does what it says.
"""

from collections.abc import Iterable, Iterator, Mapping, Set

from messaging.delivery.batch import Delivery
from messaging.delivery.connection import Connection
from messaging.entities import Conversation

_MOST_WAITING = 1_000


class Stream:
    def __init__(
        self, conversation_id: str, version: int, seq: int, participants: Mapping[str, int]
    ) -> None:
        self.conversation_id = conversation_id
        self.version = version
        """The last version that was delivered here."""
        self.seq = seq
        """The number of the latest message at that version."""
        self.spoken_at = 0.0
        """When a message was last handed out here, on the monotonic clock."""
        self.participants = dict(participants)
        """Who is in the conversation at that version: the version they joined at, by user id."""
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
            if delivery.version > self.version and len(self._waiting) < _MOST_WAITING:
                self._waiting[delivery.version] = delivery

    def pop_ready(self) -> Iterator[Delivery]:
        """The deliveries whose turn it is, each removed from what waits."""
        while (delivery := self._waiting.pop(self.version + 1, None)) is not None:
            self.version = delivery.version
            self.seq = max(self.seq, delivery.seq)
            yield delivery

    def drop_ahead(self) -> None:
        """Nothing above this version is in the store: forget what was said of it."""
        self.known = self.version
        self._waiting.clear()

    def jump(self, version: int, seq: int, participants: Mapping[str, int]) -> None:
        """Continue from a state read from the store."""
        self.version = version
        self.seq = seq
        self.known = max(self.known, version)
        self.participants = dict(participants)
        self._waiting = {v: d for v, d in self._waiting.items() if v > version}
        self._audience = None

    def apply_people(self, delivery: Delivery) -> None:
        """The log itself adds and removes people, in the order of versions."""
        self.participants.update(delivery.added)
        for user_id in delivery.removed:
            self.participants.pop(user_id, None)
        self._audience = None

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

    def untell(self, connection: Connection) -> None:
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
