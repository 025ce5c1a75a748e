"""The protocol of a change: evaluated against the conversation as it stands.

A change is pure. It can be evaluated again on a newer state of the conversation whenever another
writer was faster, and several changes can be evaluated one after the other into a single commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessagingError
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition

SMALL_CHANGE = 500
"""About how many bytes a change adds to a commit besides its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a change makes of a conversation."""

    conversation: Conversation
    change: Change | None = None
    """None when what was asked for already holds."""
    message: Message | None = None
    """The message that the change created, changed or found."""
    positions: tuple[ReadPosition, ...] = ()
    """Where the people it added start reading."""


class ConversationChange(Protocol):
    @property
    def reads(self) -> Sequence[str]:
        """Ids of the messages it must see."""

    @property
    def creates(self) -> str | None:
        """Id of the message it creates; an earlier request may have created it already."""

    @property
    def size(self) -> int:
        """About how many bytes it adds to a commit."""

    def authorize(self, conversation: Conversation) -> None:
        """Raise MessagingError if the actor may not see this conversation.

        Judged before any message is read, so that a refusal costs the same whatever the
        conversation holds.
        """

    def apply(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        """Raises MessagingError when the change is refused."""


def authorized(change: ConversationChange, conversation: Conversation) -> bool:
    """Return whether the actor may see this conversation."""
    try:
        change.authorize(conversation)
    except MessagingError:
        return False
    return True
