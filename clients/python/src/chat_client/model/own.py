"""What holds for me alone in a conversation: pure, without input or output.

No event tells `mentioned_seq` and `archived`. They follow from the messages, as the server derives
them. Where only the server can tell, `take_doubt` asks for the conversation object of REST.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec.structs import asdict, replace

from chat_client.model.positions import Positions
from chat_client.models import Conversation, Message, Preferences

_DEFAULT = Preferences(
    muted_until=None, notify="all", pinned=False, archived=False, archived_seq=None
)


class Own:
    def __init__(self, me: str, positions: Positions, now: Callable[[], datetime]) -> None:
        """`now` returns the server's time."""
        self.changes = 0
        """How often my settings changed: an answer that was asked for before a change does not undo
        it."""
        self._is_unsure = False
        self._me = me
        self._positions = positions
        self._now = now
        self._told_seq = 0
        """Up to this `seq` the server has told the latest mention."""
        self._mention = 0
        """The latest message that mentioned me, also if it was deleted since."""
        self._other = 0
        """The latest message of somebody else above `_told_seq`, also if it was deleted since."""
        self._settings = _DEFAULT
        """Here, `archived` is what the server told, until somebody else writes."""
        self._rang = True
        """`_rings` when the server told `archived`."""

    def fields(self, seq: int) -> dict[str, Any]:
        """Return the fields of the conversation object. `seq` is that of the latest message."""
        positions = self._positions
        return {
            **asdict(self._settings),
            "archived": self._is_archived(seq),
            "mentioned_seq": self._mentioned_seq,
            "read_seq": positions.read_seq,
            "unread_count": positions.counted(positions.read_seq, seq),
            "marked_unread": positions.marked_unread,
        }

    def take(self, data: Conversation, changes: int) -> None:
        """Take a conversation object of REST or of a sync. `changes` are those when it was asked
        for."""
        self._told_seq = max(self._told_seq, data.seq)
        if self._mention <= data.seq:
            self._mention = data.mentioned_seq or 0
        self._is_unsure = changes != self.changes
        if not self._is_unsure:
            self._become(
                Preferences(
                    muted_until=data.muted_until,
                    notify=data.notify,
                    pinned=data.pinned,
                    archived=data.archived,
                    archived_seq=data.archived_seq,
                )
            )

    def set(self, settings: Preferences) -> None:
        """Take my settings, from any device."""
        self.changes += 1
        self._become(settings)
        # They may be of a time before messages that count for `archived` and are known by now.
        since = settings.archived_seq
        self._is_unsure = self._is_unsure or (since is not None and self._told_seq > since)

    def _become(self, settings: Preferences) -> None:
        self._settings = settings
        self._rang = self._rings

    def saw(self, message: Message, *, is_new: bool) -> None:
        """Take a message. `is_new`: it was never seen here."""
        if message.sender_id == self._me or message.kind == "system":
            return
        seq, since = message.seq, self._settings.archived_seq
        if message.deleted_at is not None:
            is_other = (
                since is None
                or self._settings.archived
                or seq <= since
                or self._counts(self._other, since)
            )
            known = max(self._told_seq, self._mention, self._positions.read_seq)
            self._is_unsure = self._is_unsure or (is_new and seq > known) or not is_other
        elif self._counts(seq, self._told_seq):  # a page may be older than a deletion
            self._other = max(self._other, seq)
            if message.mentions_all or self._me in message.mentions:
                self._mention = max(self._mention, seq)
            if since is not None and seq > since:
                self._settings = replace(self._settings, archived=False)

    def take_doubt(self) -> bool:
        """Return whether the server must be asked. Call this after every change."""
        is_archiving = self._settings.archived_seq is not None
        is_unsure = self._is_unsure or (is_archiving and self._rang is not self._rings)
        self._is_unsure = False
        self._rang = self._rings
        return is_unsure

    @property
    def _mentioned_seq(self) -> int | None:
        return self._mention if self._counts(self._mention, self._positions.read_seq) else None

    @property
    def _rings(self) -> bool:
        """Whether I get a push for every message."""
        until = self._settings.muted_until
        is_muted = until is not None and until > self._now()
        return self._settings.notify == "all" and not is_muted

    def _is_archived(self, seq: int) -> bool:
        since = self._settings.archived_seq
        if since is None:
            return False
        if not self._rings:
            return (self._mentioned_seq or 0) <= since
        if self._positions.counted(since, seq) == 0:
            return True
        return self._settings.archived and not self._counts(self._other, since)

    def _counts(self, seq: int, after: int) -> bool:
        """Whether a message is above another one, and neither deleted nor of the system."""
        return seq > after and self._positions.counted(seq - 1, seq) > 0
