"""The interface for whole conversations and people, to read them for a file and to write them from
one.

A conversation is loaded in steps: `begin_load` creates a shell without participants, so that nobody
sees it, `add_messages` fills it, and `complete_load` makes it the conversation in one write. A load
that ends in between goes on. No step sends an event or a notification.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import derived_id
from messaging.domain.participant import ReadPosition
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.stores.catalogue import Place


class AlreadyStored(Exception):
    """The store holds something else under this id. Nothing was written. The argument names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What the store holds of a conversation that is to be loaded."""

    conversation: Conversation
    """The shell, or a conversation that was there before."""
    loading: bool
    """Whether it is a shell of this load."""
    last_seq: int
    """The latest message that is there; 0 if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullChanges:
    """Messages of a conversation, and the conversation, all as they were at one moment."""

    conversation: Conversation | None
    """None if there was none."""
    messages: Sequence[FullMessage]


class ExchangeStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def list_full_people(self, *, after: str, limit: int) -> Sequence[Person]:
        """Return everyone with stored data, by user id, ascending, after a user id."""

    async def list_full_messages(
        self, conversation_id: str, *, after_seq: int, limit: int
    ) -> Sequence[FullMessage]:
        """Return the first `limit` messages after a number, ascending by `seq`."""

    async def read_full_changes(
        self, conversation_id: str, *, since: int, limit: int
    ) -> FullChanges:
        """Return the first `limit` messages with a version above `since`, ascending by version, and
        their conversation, all as they were at one moment. So these are the last changes if there
        are fewer than `limit`, however fast the conversation changes."""

    async def list_full_reports(self, *, limit: int, after: Place | None) -> Sequence[FullReport]:
        """Return reports by (`created_at`, id), descending, after a cursor."""

    async def put_person(self, person: Person) -> bool:
        """Store a person whom the store does not know yet, and return True. A person whom it knows
        keeps what they have set: return False."""

    async def begin_load(self, conversation: Conversation, load_id: str) -> Begun:
        """Create the shell of a conversation, unless there is one. The shell of another load
        becomes one of this load if it has no message. Repeat it after an error."""

    async def add_messages(self, begun: Begun, messages: Sequence[FullMessage]) -> None:
        """Add messages that follow `begun.last_seq`, with their reactions, and with those of their
        attachments that are not stored: all or nothing. After an error, `begin_load` tells what is
        there.

        Raises AlreadyStored.
        """

    async def put_positions(self, conversation_id: str, positions: Sequence[ReadPosition]) -> None:
        """Create or replace read positions, a few hundred at most."""

    async def complete_load(self, begun: Begun, conversation: Conversation) -> None:
        """Turn the shell into the conversation, with a new time of its latest write. Raises
        AlreadyStored if it is not the shell any more."""

    async def delete_shell(self, shell: Conversation) -> bool:
        """Delete a shell after its content, unless it has changed since it was read. Return whether
        it was deleted. An unanswered deletion is repeated with the shell as it is read then."""

    async def load_report(self, full: FullReport) -> bool:
        """Store a report that is not stored yet, and return whether it was new."""


def shell_of(conversation: Conversation, mark: str) -> Conversation:
    """Return the shell of a conversation, which nobody sees. `mark` becomes its `commit_id`."""
    return Conversation(
        id=conversation.id,
        kind=conversation.kind,
        title=None,
        participants={},
        created_at=conversation.created_at,
        updated_at=conversation.created_at,
        active_at=conversation.created_at,
        content_hash=conversation.content_hash,
        commit_id=mark,
    )


def is_shell(conversation: Conversation) -> bool:
    """Return whether nothing is in it yet: every other conversation has or had a participant."""
    return not conversation.version and not conversation.participants


def shell_id(load_id: str, conversation_id: str) -> str:
    """Return the `commit_id` by which a load knows its own shell."""
    return derived_id("load", load_id, conversation_id)
