"""The interface of a follower, and what it gets."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message

NOTHING = -1
"""The version of a conversation of which a follower has handled nothing."""
_OF_PEOPLE = frozenset({ChangeType.PARTICIPANT_ADDED, ChangeType.PARTICIPANT_REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The changes of one conversation after the version `since`, up to `version`."""

    conversation: Conversation
    """Its state at `version` or later."""
    since: int
    """The version up to which the follower has handled everything; -1 if it has handled
    nothing."""
    version: int
    messages: Sequence[Message]
    """Every message that these changes created, changed or deleted, as it is now, ascending by
    version."""
    changes: Sequence[Change] | None = None
    """The single changes, if this process committed all of them. Otherwise they can no longer be
    told apart, and `messages` and `conversation` show their result."""
    whole: bool = False
    """Whether to discard what the follower knows of the conversation: this is the beginning."""
    more: bool = False
    """Whether further changes are known, which follow next."""
    epoch: str = ""
    """The id of the store's epoch. After a restore, versions begin anew in another epoch."""
    seen_at: float = field(default_factory=time.monotonic, compare=False)
    """When `conversation` and `messages` were as they are here, by the monotonic clock."""

    @property
    def created(self) -> Collection[str]:
        """Return the ids of messages that the follower cannot know yet."""
        if self.whole or self.changes is None:
            return ()
        return {
            one.message.id
            for one in self.changes
            if one.type is ChangeType.MESSAGE_CREATED and one.message is not None
        }

    @property
    def people_may_differ(self) -> bool:
        """Return whether participants may have been added or removed."""
        if self.whole or self.changes is None:
            return True
        return any(one.type in _OF_PEOPLE for one in self.changes)


class Follower(Protocol):
    """A reader of all changes. Implement `LocalFollower` or `RemoteFollower`."""

    name: str
    """Identifies its checkpoints; at most 64 characters. Never reuse the name of another."""
    from_beginning: bool
    """Whether it first walks through everything that is stored. Otherwise it begins with the
    changes after its first start."""


class LocalFollower(Follower, Protocol):
    """Writes into `DATABASE_URL`. Its writes and its checkpoints are one transaction, so it gets
    each change once."""

    def write(self, database: BaseDatabaseWrapper, followed: Sequence[Followed]) -> Collection[str]:
        """Apply the changes of several conversations, in a thread and in a transaction. Return the
        ids of conversations with too many changes for one transaction. They are passed again."""

    def forget(self, database: BaseDatabaseWrapper, conversation_id: str) -> bool:
        """Discard what one transaction may delete of a conversation that the store does not have.
        Return whether something is left: then this is called again, in another transaction."""


class RemoteFollower(Follower, Protocol):
    """Hands changes to another system. A crash between that and the checkpoint repeats them.

    One process at a time handles a conversation, under a lease of `lease_seconds`.
    """

    lease_seconds: float
    """The most seconds that one `deliver` may take."""

    async def deliver(self, followed: Followed) -> None:
        """Hand on the changes of one conversation. If this raises, the same changes come again,
        and no later ones before them: at the time of `RetryLater` and without what it says was
        handled, else after a growing pause."""

    async def forget(self, conversation_id: str) -> None:
        """Discard everything of a conversation that the store does not have."""


class RetryLater(Exception):
    """The changes could not be handed on now. With 0 seconds, this is no failure: the follower has
    handed on some of them, and wants the rest under another lease."""

    def __init__(self, seconds: float, reason: str = "", *, version: int | None = None) -> None:
        """Create it. `version` is how far the follower has come; None if it has handled none of the
        changes. What it has handled does not come again."""
        super().__init__(reason)
        self.seconds = seconds
        self.version = version
