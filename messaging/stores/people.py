"""What a store promises of people: since when their sign-ins hold, whether they are banned, and
whom they block.

`sql_people` and `firestore_people` both keep it; one contract suite checks them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from messaging.domain.people import Access, Privacy

LEFT_LIFETIME = timedelta(days=1)
"""How long somebody who left a group on their own is not added to it again."""
MAX_LEFT = 200
"""Of one person. It bounds what others, who add them again and again, make the store keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAccess:
    people: Sequence[Access]
    read_at: datetime
    """The store's time when it answered."""


class PeopleStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def get_access(self, user_id: str) -> Access:
        """One read; of whoever was never logged out or banned as well."""

    async def log_out(self, user_id: str, *, at_least: datetime | None = None) -> Access:
        """End every sign-in up to the store's present time, or up to `at_least` where that is
        later."""

    async def revoke(self, user_id: str, *, up_to: datetime) -> Access:
        """End every sign-in up to a moment; those that have ended stay so."""

    async def set_ban(self, user_id: str, *, until: datetime | None) -> Access:
        """Ban somebody up to a moment, `FOREVER` at the latest; None lifts the ban."""

    async def list_changed_access(self, *, since: datetime) -> ChangedAccess:
        """Of everybody whose access changed at or after `since`, as it is now."""

    async def get_blocks(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Whom each of these people blocks; one read each."""

    async def get_privacy(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        """What all of these people keep from others; one read each."""

    async def note_left(self, user_id: str, conversation_id: str) -> None:
        """Keep for a day, in the store's time, that somebody left a group on their own; of more
        than `MAX_LEFT` only the latest. One read and one write."""

    async def set_block(self, user_id: str, other_id: str, *, blocked: bool) -> None:
        """Block somebody, or not any more. Changing nothing is fine."""


def lately_left(
    left: Mapping[str, datetime], conversation_id: str, now: datetime
) -> dict[str, datetime]:
    """What is kept once somebody has left one more group: the latest, none older than a day."""
    kept = {id_: at for id_, at in left.items() if at > now - LEFT_LIFETIME}
    kept[conversation_id] = now
    return dict(sorted(kept.items(), key=lambda one: one[1])[-MAX_LEFT:])
