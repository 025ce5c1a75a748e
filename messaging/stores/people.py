"""The interface of the people store: since when sign-ins are valid, bans, blocks, and profiles.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from messaging.domain.people import Access, Privacy, Profile

LEFT_LIFETIME = timedelta(days=1)
"""How long a person who left a group voluntarily is not added to it again."""
MAX_LEFT = 200
"""The maximum per person. It bounds what other people, who add the person again and again, make the
store keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAccess:
    people: Sequence[Access]
    read_at: datetime
    """The store's time of the answer."""


class PeopleStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def get_access(self, user_id: str) -> Access:
        """Return a person's access; one read, even for a person who was never logged out or
        banned."""

    async def log_out(self, user_id: str, *, at_least: datetime | None = None) -> Access:
        """Revoke all sign-ins up to the store's present time, or up to `at_least` if that is
        later."""

    async def revoke(self, user_id: str, *, up_to: datetime) -> Access:
        """Revoke all sign-ins up to a time; revoked ones stay revoked."""

    async def set_ban(self, user_id: str, *, until: datetime | None) -> Access:
        """Ban a person until a time, `FOREVER` at the latest; None lifts the ban."""

    async def list_changed_access(self, *, since: datetime) -> ChangedAccess:
        """Return the present access of everyone whose access changed at or after `since`."""

    async def get_blocks(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Return the people whom each of these people blocks; one read each."""

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        """Return what each of these people hides from others; one read each."""

    async def note_left(self, user_id: str, conversation_id: str) -> None:
        """Record for a day, by the store's time, that a person left a group voluntarily. Of more
        than `MAX_LEFT` only the latest are kept. One read and one write."""

    async def set_block(self, user_id: str, other_id: str, *, blocked: bool) -> None:
        """Block or unblock a person. Idempotent."""

    async def get_profiles(self, user_ids: Sequence[str]) -> Mapping[str, Profile]:
        """Return the profile of each of these people; one read each."""

    async def set_profile(self, user_id: str, changes: Mapping[str, str]) -> None:
        """Change the given fields of a person's profile, `name` and `picture`; one write."""

    async def complete_profile(self, user_id: str, offered: Mapping[str, str]) -> None:
        """Set those of the given fields that were never set. The others stay unchanged, even if
        they change at the same time. One read and one write."""

    async def list_members(
        self, conversation_id: str, *, limit: int, after: str = ""
    ) -> Sequence[str]:
        """Return the ids of the people who are or were in a conversation, after this id, in a fixed
        order of the store; one read for each."""


def lately_left(
    left: Mapping[str, datetime], conversation_id: str, now: datetime
) -> dict[str, datetime]:
    """Return the record after a person has left one more group: the latest entries, none older than
    a day."""
    kept = {id_: at for id_, at in left.items() if at > now - LEFT_LIFETIME}
    kept[conversation_id] = now
    return dict(sorted(kept.items(), key=lambda one: one[1])[-MAX_LEFT:])
