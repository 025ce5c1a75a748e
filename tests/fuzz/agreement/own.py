"""One person's own state in a conversation, as docs/socket.md says that clients keep it."""

from collections.abc import Iterator, Mapping

from tests.fuzz.agreement.scene import Json

_PREFERENCES = ("muted_until", "notify", "pinned", "archived_seq")


class Own:
    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.read_seq = 0
        self.mark: int | None = None
        self.preferences: Json = {}
        self.unclear = False
        """Whether a message that may have mentioned the person was deleted before it arrived: then
        only the server knows `mentioned_seq`."""
        self._named = 0
        """The latest message that mentions the person, also if it was deleted since."""
        self._loaded_seq = 0
        """The latest message when the server last told `mentioned_seq`."""
        self._told_at: dict[str, str] = {}
        """The time of the latest event, by its type."""
        self._soft: list[tuple[str, str, Json]] = []
        """Every event about the own state."""

    @property
    def heard(self) -> int:
        """How many events about the own state have arrived. See `load`."""
        return len(self._soft)

    def load(self, conversation: Json, *, heard: int) -> None:
        """Take the own fields of an answer that was asked for when so many events had arrived.
        Those that arrived meanwhile may be newer than the answer."""
        self.load_state(conversation, conversation, heard=heard)
        self._named = conversation["mentioned_seq"] or 0
        self._loaded_seq = conversation["seq"]
        self.unclear = False

    def load_state(self, state: Json, preferences: Json, *, heard: int) -> None:
        """Take a read position, a mark and preferences, as `receipts.sync` answers them."""
        self._take_position(state)
        self.preferences = {name: preferences[name] for name in _PREFERENCES}
        for kind, at, data in self._soft[heard:]:
            self._apply(kind, at, data)

    def take(self, kind: str, at: str, data: Json) -> None:
        """Take an event about the own state."""
        self._soft.append((kind, at, data))
        self._apply(kind, at, data)

    def _apply(self, kind: str, at: str, data: Json) -> None:
        if kind == "receipt.updated" and data["read_seq"] > self.read_seq:
            self._told_at.pop(kind, None)
        if at < self._told_at.get(kind, at):
            return  # another instance sent it, and a newer one was here first
        self._told_at[kind] = at
        if kind == "receipt.updated":
            self._take_position(data)
        else:
            self.preferences = {name: data["preferences"][name] for name in _PREFERENCES}

    def _take_position(self, state: Json) -> None:
        """A mark belongs to a read position: one of an earlier position has ended."""
        if state["read_seq"] >= self.read_seq:
            self.read_seq, self.mark = state["read_seq"], state["marked_unread"]

    def arrived(self, message: Json, *, new: bool) -> None:
        """Take a message, or its tombstone. `new`: it was not here before."""
        seq = message["seq"]
        if message["sender_id"] == self.user_id:
            if seq > self.read_seq:
                self.read_seq, self.mark = seq, None
        elif new and seq > max(self._named, self._loaded_seq):
            if message["deleted_at"] is not None:
                self.unclear |= seq > self.read_seq
            elif message["mentions_all"] or self.user_id in message["mentions"]:
                self._named = seq

    def state(self, seq: int, uncounted: set[int], senders: Mapping[int, str]) -> Json:
        """Return the own fields of the conversation, derived from its messages."""
        unread = [one for one in range(self.read_seq + 1, seq + 1) if one not in uncounted]
        named = self._named
        mentioned = named if named > self.read_seq and named not in uncounted else None
        since = self.preferences["archived_seq"]
        others = (
            one
            for one in range((since or 0) + 1, seq + 1)
            if one not in uncounted and senders.get(one) != self.user_id
        )
        return {
            **self.preferences,
            "read_seq": self.read_seq,
            "unread_count": len(unread),
            "mentioned_seq": mentioned,
            "marked_unread": self.mark,
            "archived": since is not None and not self._shown_again(since, mentioned, others),
        }

    def _shown_again(self, since: int, mentioned: int | None, others: Iterator[int]) -> bool:
        """Return whether an archived conversation is shown again. `muted_until` is never in the
        past here."""
        if self.preferences["muted_until"] is None and self.preferences["notify"] == "all":
            return any(others)
        return mentioned is not None and mentioned > since
