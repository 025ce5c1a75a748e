"""The protocol of a change, which is evaluated on the present conversation.

A change is pure. If another writer committed first, it is evaluated again on the newer
conversation. Several changes can be evaluated one after the other into a single commit.
"""

from dataclasses import dataclass
from typing import Protocol

from messaging.changes.needs import Known, Needs
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions
from messaging.domain.participant import ReadPosition

SMALL_CHANGE = 500
"""The approximate bytes that a change adds to a commit, besides its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a change."""

    conversation: Conversation
    change: Change | None = None
    """None if the requested state already holds."""
    message: Message | None = None
    """The message that the change created, changed or found."""
    report: Change | None = None
    """The system message that reports the change. It takes the version after that of `change`."""
    positions: tuple[ReadPosition, ...] = ()
    """The read positions of the people that it added."""
    attached: tuple[StoredAttachment, ...] = ()
    """The attachments of the message that it created."""
    released: tuple[str, ...] = ()
    """The attachments of the message that it deleted."""
    earlier: EarlierTexts | None = None
    """The earlier texts of the message that it changed; None if they stay."""
    reactions: PersonReactions | None = None
    """The reactions of the person who reacted, after the change."""


class ConversationChange(Protocol):
    @property
    def needs(self) -> Needs | None:
        """Return what must be read before it is applied; None if nothing."""

    @property
    def creates(self) -> str | None:
        """Return the id of the message that it creates. An earlier request may have created it
        already."""

    @property
    def size(self) -> int:
        """Return the approximate bytes that it adds to a commit."""

    def authorize(self, conversation: Conversation) -> None:
        """Raise MessagingError if the actor may not see this conversation.

        This runs before anything is read, so that a refusal costs the same whatever the
        conversation contains.
        """

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        """Return the outcome on this conversation. `known` has what the change needs. Raises
        MessagingError if the change is refused."""
