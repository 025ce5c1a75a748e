"""A durable event, read before the cursor moves: one that cannot be read is fetched again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct, convert

from chat_client.model.reactions import Reaction
from chat_client.models import Message, Participant, SharedConversation

_KNOWN = {
    *("message.created", "message.updated", "message.deleted", "reaction.updated"),
    *("conversation.updated", "conversation.changes", "participant.added", "participant.removed"),
}
"""Any other durable event is one of a later release: a sync brings what it changed."""


class DurableData(Struct, frozen=True):
    message: Message | None = None
    messages: Sequence[Message] = ()
    conversation: SharedConversation | None = None
    participants: Sequence[Participant] = ()
    since: int | None = None
    pinned_count: int | None = None
    by: str | None = None
    emoji: str | None = None
    added: bool | None = None

    @property
    def reaction(self) -> Reaction:
        """The reaction that the event is of."""
        return Reaction(self.by, self.emoji or "", bool(self.added))


@dataclass(frozen=True, slots=True)
class DurableEvent:
    type: str
    version: int
    data: DurableData

    @property
    def since(self) -> int:
        """The version that it follows: `conversation.changes` covers several."""
        return self.version - 1 if self.data.since is None else self.data.since

    @property
    def is_known(self) -> bool:
        return self.type in _KNOWN


def durable_event(type_: str, version: int, data: Mapping[str, Any]) -> DurableEvent:
    """Raises msgspec.ValidationError."""
    is_known = type_ in _KNOWN
    return DurableEvent(type_, version, convert(data, DurableData) if is_known else DurableData())
