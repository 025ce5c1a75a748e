"""What a client holds of one conversation, by the rules of docs/socket.md; no I/O."""

from collections.abc import Iterable
from typing import Any

from tests.fuzz.agreement.own import Own
from tests.fuzz.agreement.scene import Json

MESSAGES = frozenset({"message.created", "message.updated", "message.deleted", "reaction.updated"})
PEOPLE = frozenset({"participant.added", "participant.removed"})
CONVERSATION = frozenset({"conversation.updated", "conversation.changes"})
OWN = frozenset({"receipt.updated", "preferences.updated"})
"""The events about the own state. The first one is also sent about others."""


class Held:
    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.own = Own(user_id)
        self.conversation: Json = {}
        self.messages: dict[str, Json] = {}
        self.cursor: int | None = None
        """None until it is loaded."""
        self.ahead: list[Json] = []
        """The events that do not follow the cursor yet."""
        self.behind = False
        """Whether it has to be synced."""
        self.unclear: set[str] = set()
        """The ids of the messages whose own reactions have to be loaded."""
        self.people_changed = False
        """Whether the receipts have to be loaded."""
        self.shown: dict[str, int] = {}
        """The `seq` of every message in a frame or an answer since the person joined, by id."""
        self._uncounted: set[int] = set()
        self._read: dict[str, int] = {}
        """How far others have read."""

    # Events

    def take(self, frame: Json) -> None:
        """Take a durable event."""
        self.ahead.append(frame)
        if self.cursor is not None:
            self.apply_ahead()

    def apply_ahead(self) -> None:
        """Apply the events that follow the cursor. The others wait for a sync."""
        frames, self.ahead = self.ahead, []
        for frame in frames:
            assert self.cursor is not None
            version = frame["version"]
            if version <= self.cursor:
                continue
            if frame["data"].get("since", version - 1) > self.cursor:
                self.ahead.append(frame)
                self.behind = True
                continue
            self._apply(frame["type"], frame["data"])
            self.cursor = self.conversation["version"] = version

    def _apply(self, kind: str, data: Json) -> None:
        if kind in MESSAGES:
            self._keep(data["message"], data if kind == "reaction.updated" else None)
            if "pinned_count" in data:
                self.conversation["pinned_count"] = data["pinned_count"]
        elif kind in CONVERSATION:
            self._replace(data["conversation"])
            self._keep_all(data.get("messages", ()), merged=True)
            self.people_changed |= kind == "conversation.changes"
        else:
            assert kind in PEOPLE
            named = {person["user_id"]: person for person in data["participants"]}
            before = self.conversation["participants"]
            people = [one for one in before if one["user_id"] not in named]
            if kind == "participant.added":
                people += named.values()
            self.conversation.update(participants=people, participant_count=len(people))
            self.people_changed = True
            for person in named:
                self._read.pop(person, None)

    def take_soft(self, kind: str, at: str, data: Json) -> None:
        """Take an event without a version. Before the conversation is loaded, all that it says is
        in what will be loaded."""
        if self.cursor is None or kind not in OWN:
            return
        if kind == "preferences.updated" or "marked_unread" in data:
            self.own.take(kind, at, data)
        elif data["user_id"] != self.user_id:
            self._has_read(data)

    def _has_read(self, receipt: Json) -> None:
        person = receipt["user_id"]
        self._read[person] = max(self._read.get(person, 0), receipt["read_seq"])

    # Answers

    def load(self, conversation: Json, messages: Iterable[Json], *, heard: int) -> None:
        """Take the conversation and its messages. A message that is newer than the conversation
        comes as an event."""
        self._replace(conversation)
        self.own.load(conversation, heard=heard)
        self.cursor = version = conversation["version"]
        for message in messages:
            if message["version"] <= version:
                self._keep(message, None)
        self.people_changed = True
        self.apply_ahead()

    def load_own(self, conversation: Json, *, heard: int) -> None:
        """Take only the own fields, if the client has everything that they are derived from."""
        assert self.cursor is not None
        if conversation["version"] <= self.cursor:
            self.own.load(conversation, heard=heard)

    def synced(self, changes: Json, *, heard: int) -> None:
        """Take the answer to a sync whose status is `ok`."""
        assert self.cursor is not None
        if changes["version"] >= self.cursor:
            self._replace(changes["conversation"])
            self.cursor = self.conversation["version"] = changes["version"]
            self._keep_all(changes["messages"])
            self.own.load(changes["conversation"], heard=heard)
        self.behind = changes["more"]
        self.people_changed = True
        self.apply_ahead()

    def loaded_messages(self, messages: Iterable[Json]) -> None:
        """Take messages that were asked for by their ids."""
        for message in messages:
            held = self.messages.get(message["id"])
            if held is not None and held["version"] <= message["version"]:
                self.messages[message["id"]] = message

    def show(self, messages: Iterable[Json]) -> None:
        """Note messages that a frame or an answer showed."""
        for message in messages:
            self.shown[message["id"]] = message["seq"]

    def loaded_receipts(self, receipts: Iterable[Json]) -> None:
        for receipt in receipts:
            if receipt["user_id"] != self.user_id:
                self._has_read(receipt)

    # Messages

    def _replace(self, conversation: Json) -> None:
        """Take a conversation of an event or an answer, less the fields that are derived."""
        self.conversation.update(conversation)
        self._uncounted = {
            seq for first, last in conversation["uncounted"] for seq in range(first, last + 1)
        }

    def _keep_all(self, messages: Iterable[Json], *, merged: bool = False) -> None:
        for message in sorted(messages, key=lambda one: int(one["seq"])):
            self._keep(message, None, merged=merged)

    def _keep(self, message: Json, act: Json | None, *, merged: bool = False) -> None:
        """Keep the newer version of a message. `act`: the reaction that comes with it. `merged`:
        it stands for several changes."""
        held = self.messages.get(message["id"])
        self.show([message])
        seq = message["seq"]
        if message["deleted_at"] is not None or message["kind"] == "system":
            self._uncounted.add(seq)
        self.conversation["seq"] = max(self.conversation["seq"], seq)
        self.own.arrived(message, new=held is None)
        if held is not None and held["version"] >= message["version"]:
            return
        if "my_reactions" in message:
            self.unclear.discard(message["id"])
        else:
            changed = held is None or held["reactions"] != message["reactions"]
            own, hidden = self._own_reactions(message, held, act)
            if hidden and act is None and (merged or changed):
                self.unclear.add(message["id"])
            message = {**message, "my_reactions": own}
        self.messages[message["id"]] = message

    def _own_reactions(
        self, message: Json, held: Json | None, act: Json | None
    ) -> tuple[list[str], bool]:
        """Return the own reactions, as docs/socket.md says under *Reactions*, and whether the
        message may hide some of them."""
        known = set(held["my_reactions"] if held is not None else ())
        if act is not None and act["by"] == self.user_id:
            known = known | {act["emoji"]} if act["added"] else known - {act["emoji"]}
        own, hides = [], False
        for emoji, summary in message["reactions"].items():
            named = self.user_id in summary["user_ids"]
            hidden = not named and len(summary["user_ids"]) < summary["count"]
            if named or (hidden and emoji in known):
                own.append(emoji)
            hides |= hidden
        return own, hides

    # What it shows

    def state(self) -> Json:
        """Return everything that the client shows, in the form of `fetched.fetch`."""
        messages = sorted(self.messages.values(), key=lambda one: int(one["seq"]))
        senders = {one["seq"]: one["sender_id"] for one in messages}
        latest = messages[-1] if messages else None
        return {
            **self.conversation,
            **self.own.state(self.conversation["seq"], self._uncounted, senders),
            "uncounted": sorted(self._uncounted),
            "last_message": latest and {**latest, "my_reactions": None},
            "messages": messages,
            "pins": sorted(one["id"] for one in messages if one["pinned_at"] is not None),
            "files": sorted(file["id"] for one in messages for file in one["attachments"]),
            "receipts": self._receipts(messages),
        }

    def _receipts(self, messages: Iterable[Any]) -> Json:
        read = {self.user_id: self.own.read_seq}
        if self.conversation["kind"] == "direct":
            return read  # a block hides the other person's
        for person in self.conversation["participants"]:
            read.setdefault(person["user_id"], self._read.get(person["user_id"], 0))
        for message in messages:
            if message["sender_id"] in read:
                sender = message["sender_id"]
                read[sender] = max(read[sender], message["seq"])
        return read
