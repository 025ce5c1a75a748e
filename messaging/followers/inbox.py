"""The inbox: the conversations that changed in this process, until a follower has handled them.

It is bounded in entries and bytes. It holds the changes themselves, so that they need not be read
from the store again. Beyond its bytes it keeps only the ids, and beyond its entries nothing: the
sweep finds the rest.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from messaging.commits.group_commit import Committed
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.followers.follower import NOTHING, Followed
from messaging.instruments.memory import Weight

MAX_CONVERSATIONS = 10_000
MAX_BYTES = 8 * 1024 * 1024
_CHANGE_BYTES, _PERSON_BYTES, _CHARACTER_BYTES = 1_000, 400, 4
"""Approximate sizes of objects in memory."""


@dataclass(slots=True, kw_only=True)
class Pending:
    """A conversation that has changed."""

    conversation_id: str
    must_read: bool = False
    """Whether the changes must be read from the store."""
    founded: bool = False
    """Whether this begins with the creation of the conversation."""
    since: int = NOTHING
    """The version before the first of `changes`."""
    changes: list[Change] = field(default_factory=list)
    conversation: Conversation | None = None
    first_message: Message | None = None
    """The system message that the conversation was created with."""
    bytes: int = 0
    added_at: float = field(default_factory=time.monotonic)

    @property
    def count(self) -> int:
        """Return about how many changes it has."""
        return max(len(self.changes), 1)

    @property
    def version(self) -> int:
        """Return the version after the last of `changes`."""
        if self.changes:
            return self.changes[-1].version
        return self.since if self.conversation is None else self.conversation.version

    def followed(self, epoch: str) -> Followed:
        """Return the changes for a follower. The entry must have them."""
        assert self.conversation is not None
        first = self.first_message
        latest = {} if first is None else {first.id: first}
        latest |= {one.message.id: one.message for one in self.changes if one.message is not None}
        return Followed(
            conversation=self.conversation,
            since=self.since,
            version=self.version,
            messages=sorted(latest.values(), key=lambda message: message.version),
            changes=self.changes,
            whole=self.founded,
            epoch=epoch,
            seen_at=self.added_at,
        )


class Inbox:
    def __init__(self, weight: Weight, *, most: int = MAX_CONVERSATIONS) -> None:
        """Create an empty inbox. All inboxes of a process share the bound of `weight`."""
        self.most = most
        """The most conversations."""
        self.wanted = asyncio.Event()
        """Set when there is something to handle."""
        self._at_once = False
        self._weight = weight
        self._pending: OrderedDict[str, Pending] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def oldest(self) -> float | None:
        """Return when the oldest entry was added, by the monotonic clock."""
        return next(iter(self._pending.values())).added_at if self._pending else None

    def add_commit(self, committed: Committed) -> None:
        """Note a commit of this process. This is on the path of every send."""
        changes, conversation = committed.changes, committed.conversation
        pending = self._entry(conversation.id)
        if pending is None or pending.must_read:
            return
        size = len(changes) * _CHANGE_BYTES
        if pending.conversation is None:
            pending.since = changes[0].version - 1
            size += len(conversation.participants) * _PERSON_BYTES
        elif pending.version != changes[0].version - 1:
            self._empty(pending)  # another process committed between
            return
        for change in changes:
            message = change.message
            if message is not None and message.text:
                size += len(message.text) * _CHARACTER_BYTES
        if (
            changes[-1].version != conversation.version
            or self._weight.bytes + size > self._weight.most
        ):
            self._empty(pending)
            return
        pending.changes.extend(changes)
        pending.conversation = conversation
        pending.bytes += size
        self._weight.bytes += size

    def add_founded(self, conversation: Conversation) -> None:
        """Note a conversation that this process has created."""
        message = conversation.last_message
        if conversation.version != (0 if message is None else 1):  # others were faster
            self.add(conversation.id)
            return
        pending = self._entry(conversation.id)
        if pending is None or pending.must_read or pending.conversation is not None:
            return
        size = len(conversation.participants) * _PERSON_BYTES
        if self._weight.bytes + size > self._weight.most:
            self._empty(pending)
            return
        pending.founded, pending.conversation = True, conversation
        pending.first_message = message
        pending.bytes = size
        self._weight.bytes += size

    def add(self, conversation_id: str) -> None:
        """Note a conversation whose changes are to be read from the store."""
        pending = self._entry(conversation_id)
        if pending is not None:
            self._empty(pending)

    def add_now(self, conversation_id: str) -> None:
        """Note a conversation whose next changes are to be read and handled now."""
        self.add(conversation_id)
        self._at_once = True
        self.wanted.set()

    def is_urgent(self, *, conversations: int, changes: int) -> bool:
        """Return whether not to wait for more: `take` would take this much, or something is to be
        handled now."""
        if self._at_once:
            return True
        if len(self._pending) >= conversations:
            return True
        counts = accumulate(one.count for one in self._pending.values())
        return any(count >= changes for count in counts)

    def take(self, *, conversations: int, changes: int) -> Sequence[Pending]:
        """Return the oldest entries: at most so many, with about so many changes."""
        taken: list[Pending] = []
        while self._pending and len(taken) < conversations and changes > 0:
            _, pending = self._pending.popitem(last=False)
            self._weight.bytes -= pending.bytes
            changes -= pending.count
            taken.append(pending)
        if not self._pending:
            self._at_once = False
        return taken

    def forget_changes(self) -> None:
        """Keep only the ids: the store was restored, all checkpoints are void, or nobody follows
        any more."""
        for pending in self._pending.values():
            self._empty(pending)

    def _entry(self, conversation_id: str) -> Pending | None:
        pending = self._pending.get(conversation_id)
        if pending is None and len(self._pending) < self.most:
            pending = self._pending[conversation_id] = Pending(conversation_id=conversation_id)
        return pending

    def _empty(self, pending: Pending) -> None:
        """Keep only the id. Later changes are not added: those before them are unknown."""
        self._weight.bytes -= pending.bytes
        pending.must_read, pending.founded, pending.changes = True, False, []
        pending.conversation = pending.first_message = None
        pending.bytes = 0
