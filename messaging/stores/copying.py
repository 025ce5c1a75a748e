"""The interface of a store that is a copy of another one: it is made equal to its source.

Nobody else writes into the copy. Every method can be repeated.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.catalogue import Place
from messaging.stores.epochs import Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a conversation, which is written at once: all or nothing."""

    conversation_id: str
    before: Conversation | None
    """The conversation as the copy holds it; its `token` is the precondition. None if it must not
    exist."""
    after: Conversation | None = None
    """The conversation to store, with its `commit_id` and `updated_at`; None if further parts
    follow."""
    messages: Sequence[FullMessage] = ()
    """They replace what the copy holds of them, reactions and files included."""
    known: Collection[str] = ()
    """The ids of those messages that the copy may have. Firestore looks for their old reactions."""


class CopyStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def adopt_epoch(self, epoch: Epoch) -> None:
        """Store the epoch of the source in place of the own one."""

    async def last_message_version(self, conversation_id: str) -> int:
        """Return the highest version of the messages that are stored; 0 if there is none."""

    async def write_part(self, part: Part) -> None:
        """Write a part of a conversation.

        Raises Conflict if the conversation has changed since `before`; AlreadyStored if another
        message has one of the numbers.
        """

    async def get_full_people(self, user_ids: Sequence[str]) -> Mapping[str, Person]:
        """Return what is stored of these people, by user id; without those who are unknown."""

    async def write_person(self, person: Person) -> None:
        """Create or replace a person. Their device tokens belong to no other device from then
        on."""

    async def remove_person(self, user_id: str) -> None:
        """Remove a person, with their ban."""

    async def get_full_reports(self, report_ids: Sequence[str]) -> Mapping[str, FullReport]:
        """Return those of the reports that exist, by id."""

    async def write_report(self, full: FullReport) -> None:
        """Create or replace a report, its copy, and the attachments of the copy."""

    async def list_due_files(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[StoredAttachment]:
        """Return the attachments with a `sweep_at`, due or not, by (`sweep_at`, id), ascending,
        after a cursor."""

    async def write_files(self, files: Sequence[StoredAttachment]) -> None:
        """Create or replace attachments."""
