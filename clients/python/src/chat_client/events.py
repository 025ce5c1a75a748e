"""The events of a client.

`MessageEvent` and `MessageChangedEvent` come once for each change, in order, whether it came live
or was fetched after a break. Where a conversation is loaded anew, they do not come for what was
missed: after more than 1,000 missed changes, after a removal, and after a restore of the store. The
other events are never repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from chat_client.errors import ChatError
from chat_client.models import Message

ConnectionState: TypeAlias = Literal["signed_out", "connecting", "live", "waiting", "replaced"]


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """A new message, one's own included."""

    conversation_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class MessageChangedEvent:
    """An edit, a deletion, a pin or a reaction: the message as it is now."""

    conversation_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class ConversationAddedEvent:
    """The person is in this conversation now, and it is loaded."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class ConversationRemovedEvent:
    """The person is no longer in this conversation."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class TypingEvent:
    """Another person began or ended to type."""

    conversation_id: str
    user_id: str
    is_typing: bool


@dataclass(frozen=True, slots=True)
class PresenceEvent:
    """A watched person came or went: see `chat_client.presence`. `status` is `online`, `reachable`
    or `offline`."""

    user_id: str
    status: str
    last_active_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """A person's devices got messages, or the person read them."""

    conversation_id: str
    user_id: str
    read_seq: int
    delivered_seq: int


@dataclass(frozen=True, slots=True)
class SendFailedEvent:
    """The server refused a message for good."""

    conversation_id: str
    client_id: str
    error: ChatError


@dataclass(frozen=True, slots=True)
class ConnectionEvent:
    """The connection has another state."""

    state: ConnectionState


@dataclass(frozen=True, slots=True)
class RestoredEvent:
    """The store was restored from a backup: everything is loaded anew."""


ChatEvent: TypeAlias = (
    MessageEvent
    | MessageChangedEvent
    | ConversationAddedEvent
    | ConversationRemovedEvent
    | TypingEvent
    | PresenceEvent
    | ReceiptEvent
    | SendFailedEvent
    | ConnectionEvent
    | RestoredEvent
)
