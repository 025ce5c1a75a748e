"""The interface of a store's catalogue: operators' lists of everything that is stored.

A list is a range of an index, read from a cursor. Its cost depends on the length of the page, not
on the size of the store. SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.domain.conversation import Conversation
from messaging.domain.people import Access
from messaging.domain.recipients import Decision

Place = tuple[datetime, str]
"""A cursor in a list ordered by time: a time, and the id among entries of the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedNotification:
    """The failed notification of a message: at least one person was not reached."""

    conversation_id: str
    message_id: str
    chunk: int
    failed_at: datetime
    people: Mapping[str, Decision]

    @property
    def id(self) -> str:
        return f"{self.conversation_id}.{self.message_id}.{self.chunk}"


class Catalogue(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop. Lists skip the
    conversations that cannot be read (`messaging.stores.damage`)."""

    async def list_conversations(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[Conversation]:
        """Return all conversations by (`updated_at`, id), descending, after a cursor."""

    async def list_frozen(self, *, limit: int, after: str = "") -> Sequence[Conversation]:
        """Return frozen conversations by id, ascending, after an id."""

    async def list_people(self, *, limit: int, after: str = "") -> Sequence[Access]:
        """Return everyone with stored data (a device, a setting, a block, a ban), by user id,
        ascending, after a user id."""

    async def list_banned(self, *, limit: int, after: Place | None = None) -> Sequence[Access]:
        """Return people with a present ban by (`banned_until`, user id), ascending, after a
        cursor."""

    async def list_failed(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[FailedNotification]:
        """Return failed notifications by (`failed_at`, id), descending."""

    async def delete_messages(
        self, conversation_id: str, *, limit: int, decided_since: datetime | None = None
    ) -> int:
        """Permanently delete up to so many messages of a conversation, or read positions once no
        message is left. Return their number; 0 if all are gone.

        The decisions about notifications of the messages go too. On Firestore, this costs a read
        for each message since `decided_since`; those of earlier messages are left, and so are all
        if it is None.
        """
