"""Who is in a room of Matrix, and which messages they may see."""

from datetime import datetime, timedelta

_STEP = timedelta(milliseconds=1)


class Memberships:
    """It gets the events of a room in their order, which proves more than their times: each server
    chooses those of its people."""

    def __init__(self) -> None:
        self._memberships: dict[str, str] = {}
        self._visibility = "shared"
        self._joined_only: datetime | None = None
        """After the latest message that only those see who had joined."""
        self._invited_only: datetime | None = None
        """After the latest message that only those see who were invited or had joined."""
        self._since_invited: dict[str, datetime | None] = {}
        self._since: dict[str, datetime | None] = {}

    @property
    def since_joining(self) -> bool:
        """Whether people who join do not see everything: now, or what was sent before."""
        hidden = self._joined_only or self._invited_only
        return hidden is not None or self._visibility in {"joined", "invited"}

    def set_visibility(self, visibility: object) -> None:
        """Note the value of `history_visibility` for the messages that follow."""
        self._visibility = str(visibility)

    def add_message(self, at: datetime) -> None:
        if self._visibility == "joined":
            self._joined_only = _later(self._joined_only, at + _STEP)
        elif self._visibility == "invited":
            self._invited_only = _later(self._invited_only, at + _STEP)

    def set_membership(self, user_id: str, membership: object) -> None:
        before = self._memberships.get(user_id)
        self._memberships[user_id] = str(membership)
        if membership == "invite":
            self._since_invited[user_id] = self._invited_only
        elif membership == "join" and before != "join":  # otherwise, it changes the profile
            invited = self._since_invited.pop(user_id, None)
            since = invited if before == "invite" else self._invited_only
            self._since[user_id] = _later(since, self._joined_only)

    def visible_since(self, user_id: str) -> datetime | None:
        """Return the time from which on a person may see the messages. None: all messages."""
        return self._since.get(user_id)

    def people(self, senders: set[str]) -> set[str]:
        """Return who is in the room: senders too, unless the room names their membership."""
        joined = {one for one, membership in self._memberships.items() if membership == "join"}
        return joined | (senders - self._memberships.keys())


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one is not None and other is not None else one or other
