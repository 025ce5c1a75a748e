"""What one person's client knows of its conversations, by the rules of the stream; no I/O.

Frames go in; what the client has to ask for comes out through `load` and `sync`, which a subclass
carries out. What the server did wrong is kept as `violations`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from tests.clients.known import Arrival, Known, Stay, Violation, Wrong
from tests.clients.rest import Data

_DURABLE_PEOPLE = frozenset({"participant.added", "participant.removed"})
_MESSAGES = frozenset({"message.created", "message.updated", "message.deleted", "reaction.updated"})
_DURABLE = _DURABLE_PEOPLE | _MESSAGES | {"conversation.updated", "conversation.changes"}
_SESSION = frozenset({"hello", "heartbeat", "degraded", "restored", "auth.expiring", "draining"})


class View(ABC):
    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.violations: list[Violation] = []
        self.people: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = {}
        """Who was added or removed, by conversation and version."""
        self.joined: set[tuple[str, str, int]] = set()
        """Conversation, person and the version they joined at, of every state that was seen."""
        self.received: list[tuple[str, int]] = []
        """Conversation and version of each durable event."""
        self.origins: set[str] = set()
        """The instances that the events came from."""
        self.holes = 0
        """How often an event did not follow the one before it: allowed, and healed by a sync."""
        self.hello: Data = {}
        self.epoch: str | None = None
        self.restores = 0
        """How often `hello` named another epoch than the one before."""
        self.degraded = False
        self.retry_after: float | None = None
        """What `draining` advised on this socket, in seconds."""
        self.conversations: dict[str, Known] = {}

    @abstractmethod
    def load(self, conversation_id: str, known: Known) -> None:
        """Ask for a conversation; the answer goes to `take_loaded` or `take_not_loaded`."""

    @abstractmethod
    def sync(self, conversation_id: str, known: Known) -> None:
        """Ask for what changed since the cursor, with a new number in `known.latest_sync`; the
        answer to the latest one goes to `take_changes`."""

    # What a person sees

    def stays(self, conversation_id: str) -> list[Stay]:
        known = self.conversations.get(conversation_id)
        return known.stays if known is not None else []

    def inside(self, conversation_id: str) -> bool:
        known = self.conversations.get(conversation_id)
        return known is not None and known.inside

    def has_reached(self, conversation_id: str, version: int) -> bool:
        """Whether everything up to this version is here; also when one is not inside."""
        known = self.conversations.get(conversation_id)
        if known is None or not known.inside:
            return True
        return known.cursor is not None and known.cursor >= version

    def unread(self, conversation_id: str, read_seq: int) -> int:
        """Count the unread messages of somebody who has read up to `read_seq`."""
        known = self.conversations[conversation_id]
        seqs = range(read_seq + 1, known.top_seq + 1)
        return sum(1 for seq in seqs if seq not in known.uncounted)

    def place(self, conversation_id: str) -> str:
        """How far it has come there, for people."""
        known = self.conversations.get(conversation_id)
        where = "outside" if known is None or not known.inside else f"at {known.cursor}"
        return where if self.hello else f"without a socket, {where}"

    # Frames

    def begin(self) -> None:
        """The frames from now on come from another socket."""
        self.hello = {}
        self.retry_after = None
        for known in self.conversations.values():
            known.held.clear()
            known.latest_sync = None
            known.hole_told = known.left_unseen = False

    def take(self, frame: Data, at: float) -> None:
        """An event. Replies are not for us."""
        kind = frame["type"]
        if not self.hello and kind != "hello":
            self.violated(Wrong.BROKEN, f"{kind} before hello")
        if not frame.get("instance_id"):
            self.violated(Wrong.BROKEN, f"{kind} does not say where it comes from")
        else:
            self.origins.add(frame["instance_id"])
        if kind in _SESSION:
            self._take_session(kind, frame["data"])
        elif kind == "conversation.added":
            self._take_added(frame["data"]["conversation"])
        elif kind == "conversation.removed":
            self._removed(frame["conversation_id"], cut_short=True)
        elif kind == "resync":
            self._take_resync(frame["conversation_id"])
        elif kind in _DURABLE:
            self._take_durable(frame, at)
        elif "conversation_id" in frame:
            self._take_soft(kind, frame["conversation_id"])

    def _take_session(self, kind: str, data: Data) -> None:
        if kind == "hello":
            self._take_hello(data)
        elif kind in {"degraded", "restored"}:
            self.degraded = kind == "degraded"
        elif kind == "draining":
            self.retry_after = data["retry_after"]

    def _take_hello(self, data: Data) -> None:
        if self.hello:
            self.violated(Wrong.BROKEN, "hello twice")
        self.hello = data
        if "epoch" in data:  # the previous release names none
            self._take_epoch(data["epoch"])
        self.degraded = data["degraded"]
        for conversation_id, named in data["conversations"].items():
            known = self.conversations.get(conversation_id)
            if known is None or not known.inside:
                self._told(conversation_id, named["version"])
                continue
            known.announced = known.on_wire = named["version"]
            known.seen.clear()
            if known.cursor is None:
                self._load(conversation_id, known)
            elif known.cursor < named["version"]:
                self.sync(conversation_id, known)
        if not data["truncated"]:
            for conversation_id in self.conversations.keys() - data["conversations"].keys():
                known = self.conversations[conversation_id]
                if known.inside:
                    known.stay.over = known.stay.cut_short = True

    def _take_epoch(self, epoch: str) -> None:
        """In another epoch everything is loaded anew; what the server said before is of a store
        that is gone."""
        if self.epoch not in {None, epoch}:
            self.restores += 1
            self.conversations.clear()
            self.people.clear()
            self.joined.clear()
            self.received.clear()
            self.violations.clear()
        self.epoch = epoch

    def _take_added(self, conversation: Data) -> None:
        conversation_id = conversation["id"]
        self._note_joined(conversation)
        before = self.conversations.get(conversation_id)
        if before is not None and before.inside:
            joined = _joined(conversation).get(self.user_id)
            if joined is not None and joined <= before.on_wire:
                self.violated(
                    Wrong.DOUBLED, f"told again of {conversation_id} without a removal in between"
                )
            before.stay.over = before.stay.cut_short = True
        self._told(conversation_id, conversation["version"])

    def _told(self, conversation_id: str, version: int) -> None:
        before = self.conversations.get(conversation_id)
        stays = before.stays if before is not None else []
        known = Known(stays=[*stays, Stay()], announced=version, on_wire=version)
        self.conversations[conversation_id] = known
        self._load(conversation_id, known)

    def _take_resync(self, conversation_id: str) -> None:
        known = self.conversations.get(conversation_id)
        if known is None or not known.inside:
            self._stranger("resync", conversation_id)
            return
        known.hole_told = True
        if known.cursor is not None:
            self.sync(conversation_id, known)

    def _take_soft(self, kind: str, conversation_id: str) -> None:
        if not self.inside(conversation_id):
            self._stranger(kind, conversation_id)

    def _stranger(self, what: str, conversation_id: str) -> None:
        known = self.conversations.get(conversation_id)
        if known is None or not known.left_unseen:
            self.violated(Wrong.LEAKED, f"{what} in {conversation_id}")

    def _take_durable(self, event: Data, at: float) -> None:
        conversation_id, version = event["conversation_id"], event["version"]
        known = self.conversations.get(conversation_id)
        self.received.append((conversation_id, version))
        if event["event_id"] != f"{conversation_id}.{version}":
            self.violated(Wrong.BROKEN, f"event_id {event['event_id']} of version {version}")
        if known is None or not known.inside:
            self._stranger(f"version {version}", conversation_id)
            return
        self._check_wire(conversation_id, known, event)
        known.held.append((event, at))
        removed = event["type"] == "participant.removed" and self.user_id in _people(event)
        if known.cursor is not None:
            self._apply_held(conversation_id, known)
        elif removed:  # it was never loaded: the announcement is all that was known
            known.cursor = known.stay.above = known.announced
            self._apply_held(conversation_id, known)
        if removed:
            self._removed(conversation_id)

    def _check_wire(self, conversation_id: str, known: Known, event: Data) -> None:
        version = event["version"]
        if version in known.seen:
            self.violated(Wrong.DOUBLED, f"{conversation_id}: version {version} on the wire")
        elif version <= known.on_wire:
            self.violated(
                Wrong.DISORDERED, f"{conversation_id}: version {version} after {known.on_wire}"
            )
        elif _since(event) > known.on_wire:
            self.holes += 1
            if not known.hole_told:
                self.violated(
                    Wrong.HOLE, f"{conversation_id}: version {version} after {known.on_wire}"
                )
        known.seen.add(version)
        known.on_wire = max(known.on_wire, version)
        known.hole_told = False

    def _apply_held(self, conversation_id: str, known: Known) -> None:
        assert known.cursor is not None
        ahead = []
        for event, at in known.held:
            if event["version"] <= known.cursor:
                continue
            if _since(event) <= known.cursor:
                self._apply(known, event, at)
            else:
                ahead.append((event, at))
        known.held = ahead
        if ahead and known.latest_sync is None:
            self.sync(conversation_id, known)

    def _apply(self, known: Known, event: Data, at: float) -> None:
        kind, data = event["type"], event["data"]
        if kind in _DURABLE_PEOPLE:
            people = _people(event)
            self.people[event["conversation_id"], event["version"]] = (kind, people)
            if known.people is not None:
                added = kind == "participant.added"
                known.people = known.people.union(people) if added else known.people - set(people)
        elif kind == "conversation.changes":
            self._keep_all(known, data["messages"], at)
            self._keep_settings(known, data["conversation"])
        elif kind == "conversation.updated":
            self._keep_settings(known, data["conversation"])
        else:
            self._keep(known, data["message"], at)
            if data["message"]["version"] != event["version"]:
                self.violated(Wrong.BROKEN, f"version {event['version']} brings another's message")
        known.cursor = event["version"]

    def _keep_all(self, known: Known, messages: Iterable[Data], at: float | None) -> None:
        for message in messages:
            self._keep(known, message, at)

    def _keep(self, known: Known, message: Data, at: float | None) -> None:
        """Insert it if it is unknown, keep the newer version."""
        if message["deleted_at"] is not None:
            known.uncounted.add(message["seq"])
        held = known.messages.get(message["id"])
        if held is not None:
            if message["version"] > held["version"]:
                known.messages[message["id"]] = message
            return
        seq = message["seq"]
        if _unchanged(message) and seq <= known.top_seq:
            self.violated(Wrong.DISORDERED, f"seq {seq} after {known.top_seq}")
        known.top_seq = max(known.top_seq, seq)
        known.messages[message["id"]] = message
        known.stay.messages.append(Arrival(seq, message["version"], message["id"], at))

    def _keep_settings(self, known: Known, conversation: Data) -> None:
        self._note_joined(conversation)
        known.title = conversation["title"]
        # An earlier release names none.
        known.uncounted = {
            seq
            for first, last in conversation.get("uncounted", ())
            for seq in range(first, last + 1)
        }
        people = conversation["participants"]
        known.people = frozenset(_joined(conversation)) if people is not None else None

    def _removed(self, conversation_id: str, *, cut_short: bool = False) -> None:
        known = self.conversations.get(conversation_id)
        if known is not None and known.left_unseen:
            known.left_unseen = False
        elif known is None or not known.inside:
            self.violated(
                Wrong.LEAKED, f"removed from {conversation_id}, without having been there"
            )
        else:
            known.stay.over = True
            known.stay.cut_short = cut_short

    def _note_joined(self, conversation: Data) -> None:
        for person, version in _joined(conversation).items():
            self.joined.add((conversation["id"], person, version))

    # Answers

    def _load(self, conversation_id: str, known: Known) -> None:
        if not known.loading:
            known.loading = True
            self.load(conversation_id, known)

    def take_not_loaded(self, known: Known) -> None:
        """One is no participant any more. The event that says so is on its way."""
        known.loading = False

    def take_loaded(
        self, conversation_id: str, known: Known, loaded: Data, messages: Sequence[Data]
    ) -> None:
        """The conversation, and whole pages of its messages read after it, the latest included."""
        known.loading = False
        joined = _joined(loaded)
        self._note_joined(loaded)
        if self.conversations.get(conversation_id) is not known or not known.inside:
            return
        if joined[self.user_id] > known.announced:
            return  # removed and added again: the events that say so are on their way
        known.cursor = loaded["version"]
        self._keep_settings(known, loaded)
        known.floor_seq = messages[0]["seq"] - 1 if messages else loaded["seq"]
        for message in messages:
            if message["version"] > loaded["version"]:
                continue  # it comes as an event, or by the sync after it
            if message["version"] > joined[self.user_id]:
                self._keep(known, message, None)
            else:
                known.messages[message["id"]] = message
                if message["deleted_at"] is not None:
                    known.uncounted.add(message["seq"])
                known.top_seq = max(known.top_seq, message["seq"])
        self._apply_held(conversation_id, known)
        if known.cursor < known.announced or known.hole_told:
            self.sync(conversation_id, known)

    def take_changes(self, conversation_id: str, known: Known, changes: Data) -> None:
        known.latest_sync = None
        if self.conversations.get(conversation_id) is not known or not known.inside:
            return
        match changes["status"]:
            case "forbidden":
                known.stay.over = known.stay.cut_short = known.left_unseen = True
            case "reset":
                self._discard(conversation_id, known, changes["version"])
            case _:
                assert known.cursor is not None
                self._keep_settings(known, changes["conversation"])
                self._keep_all(known, changes["messages"], None)
                known.cursor = max(known.cursor, changes["version"])
                if changes["more"]:
                    self.sync(conversation_id, known)
                self._apply_held(conversation_id, known)

    def _discard(self, conversation_id: str, known: Known, version: int) -> None:
        known.cursor = None
        known.announced = max(known.announced, version)
        known.stay.messages.clear()
        known.messages.clear()
        known.top_seq = 0
        self._load(conversation_id, known)

    def violated(self, wrong: Wrong, what: str) -> None:
        self.violations.append(Violation(wrong, f"{self.user_id}: {what}"))


def _since(event: Data) -> int:
    """The version that an event follows."""
    if event["type"] == "conversation.changes":
        since: int = event["data"]["since"]
        return since
    version: int = event["version"]
    return version - 1


def _unchanged(message: Data) -> bool:
    """Whether nobody has changed it since it was sent: a change moves its version, not its place.
    An earlier release does not tell at which version it was sent."""
    if message.get("created_version") is not None:
        return bool(message["created_version"] == message["version"])
    return message["edited_at"] is None and message["deleted_at"] is None


def _people(event: Data) -> tuple[str, ...]:
    return tuple(person["user_id"] for person in event["data"]["participants"])


def _joined(conversation: Data) -> Mapping[str, int]:
    people = conversation["participants"] or ()
    return {person["user_id"]: person["joined_version"] for person in people}
