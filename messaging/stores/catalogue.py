"""What a store promises to operators: lists of what there is, whoever it belongs to.

A list is a stretch of an index, from a place on: what it costs depends on how long it is and not
on how much there is. `sql_catalogue` and `firestore_catalogue` both keep it; one contract suite
checks them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.domain.conversation import Conversation
from messaging.domain.people import Access
from messaging.domain.recipients import Decision

Place = tuple[datetime, str]
"""Where in a list by time something stands: its time, and its id among those of the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedNotification:
    """What is known of notifying some people of a message, of whom at least one was not reached
    though they should have been."""

    conversation_id: str
    message_id: str
    chunk: int
    failed_at: datetime
    people: Mapping[str, Decision]

    @property
    def id(self) -> str:
        return f"{self.conversation_id}.{self.message_id}.{self.chunk}"


class Catalogue(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def list_conversations(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[Conversation]:
        """All there are, by (`updated_at`, id), descending, from a place on, which is not
        included."""

    async def list_frozen(self, *, limit: int, after: str = "") -> Sequence[Conversation]:
        """Those that an operator has stopped, by id, ascending, after one."""

    async def list_people(self, *, limit: int, after: str = "") -> Sequence[Access]:
        """Everybody of whom something is kept (a device, a setting, a block, a ban), by user id,
        ascending, after that of somebody."""

    async def list_banned(self, *, limit: int, after: Place | None = None) -> Sequence[Access]:
        """Whose ban is not over, by (`banned_until`, user id), ascending, from a place on."""

    async def list_failed(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[FailedNotification]:
        """Notifications that did not reach somebody, by (`failed_at`, id), descending."""

    async def delete_messages(self, conversation_id: str, *, limit: int) -> int:
        """Forget up to so many messages of a conversation for good, or read positions once there
        is no message left. Returns how many; 0 when all are gone."""
