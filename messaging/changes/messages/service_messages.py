"""Messages of service accounts, which write into conversations without being in them.

A block between two people stops them; neither a freeze nor `posting` does.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from messaging.changes.change import Outcome
from messaging.changes.messages.reporting import Event, with_system_message
from messaging.changes.messages.sending import SendMessage
from messaging.changes.needs import Known
from messaging.changes.rights import require_people, require_unblocked
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import InvalidRequest, PermissionDenied
from messaging.domain.message import Message, MessageKind

_EVENT = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_OWN_EVENTS = frozenset(event.value for event in Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendServiceMessage(SendMessage):
    """Send a text."""

    def authorize(self, conversation: Conversation) -> None:
        require_people(conversation)

    def _require_may_send(self, conversation: Conversation) -> None:
        require_unblocked(conversation)
        if self.mentions_all:
            raise PermissionDenied("Only an owner or admin mentions everyone.")

    def _may_see(self, conversation: Conversation, message: Message) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSystemMessage(SendServiceMessage):
    """Send a system message. Its text may be empty: clients show `metadata`."""

    kind: ClassVar[MessageKind] = MessageKind.SYSTEM

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        self.authorize(conversation)
        if (first := self._sent_before(known)) is not None:
            return Outcome(conversation=conversation, message=first)
        self._require_may_send(conversation)
        message = Message(
            id=self.creates,
            conversation_id=self.conversation_id,
            seq=conversation.seq + 1,
            version=conversation.version + 1,
            sender_id=self.sender_id,
            client_id=self.client_id,
            text=self.text,
            reply_to=None,
            mentions=(),
            created_at=COMMIT_TIME,
            content_hash=self.content_hash,
            created_version=conversation.version + 1,
            kind=self.kind,
            metadata=self.metadata,
        )
        change = Change(
            type=ChangeType.MESSAGE_CREATED,
            version=message.version,
            message=message,
            by=self.sender_id,
        )
        after = with_system_message(conversation, message)
        return Outcome(conversation=after, change=change, message=message)


def require_system_message(metadata: str | None, **others: Any) -> None:
    """Require the metadata of a system message, with an event of the service's own, and none of the
    other fields of a text. Raises InvalidRequest."""
    for name, value in others.items():
        if value:
            detail = f"A system message has no {name}. Leave it out."
            raise InvalidRequest.of(name, detail)
    event = orjson.loads(metadata).get("event") if metadata is not None else None
    if not isinstance(event, str) or not _EVENT.fullmatch(event):
        detail = (
            "The metadata of a system message names its event: 1 to 64 characters of "
            "a-z 0-9 _ . -, beginning with a letter."
        )
        raise InvalidRequest.of("metadata.event", detail)
    if event in _OWN_EVENTS:
        detail = "This event is one that the server reports itself. Use another name."
        raise InvalidRequest.of("metadata.event", detail, "reserved")
