"""Sending a message."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar

from messaging.changes.attachments import ATTACHMENT_BYTES, attached, shown
from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.needs import Known, Needs
from messaging.changes.rights import (
    require_participant,
    require_posting,
    require_role,
    require_unblocked,
    require_unfrozen,
)
from messaging.domain.change import COMMIT_TIME, Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import (
    MAX_ERRORS,
    ClientIdReused,
    FieldError,
    InvalidRequest,
)
from messaging.domain.fields.codec import copier
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, MessageKind
from messaging.domain.own.visible import may_see
from messaging.domain.participant import Role

_with_message = copier(
    Conversation,
    *("active_at", "seq", "version", "last_message", "sent_seq"),
    *("mentioned_seq", "last_sender_id", "other_seq"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    creates: str
    conversation_id: str
    sender_id: str
    client_id: str | None
    text: str
    reply_to: str | None
    mentions: tuple[str, ...]
    content_hash: str
    metadata: str | None = None
    mentions_all: bool = False
    attachment_ids: tuple[str, ...] = ()
    kind: ClassVar[MessageKind] = MessageKind.TEXT

    @property
    def needs(self) -> Needs | None:
        if self.reply_to is None and not self.attachment_ids:
            return None
        original = () if self.reply_to is None else (self.reply_to,)
        return Needs(messages=original, attachments=self.attachment_ids)

    @property
    def size(self) -> int:
        attachments = ATTACHMENT_BYTES * len(self.attachment_ids)
        return len(self.text.encode()) + len(self.metadata or "") + SMALL_CHANGE + attachments

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.sender_id)

    def apply(self, conversation: Conversation, known: Known) -> Outcome:
        self.authorize(conversation)
        if (first := self._sent_before(known)) is not None:
            return Outcome(conversation=conversation, message=first)
        self._require_may_send(conversation)
        self._require_references(conversation, known)
        attachments = self._attached(known, conversation.seq + 1) if self.attachment_ids else ()
        message = Message(
            id=self.creates,
            conversation_id=self.conversation_id,
            seq=conversation.seq + 1,
            version=conversation.version + 1,
            sender_id=self.sender_id,
            client_id=self.client_id,
            text=self.text,
            reply_to=self.reply_to,
            mentions=self.mentions,
            created_at=COMMIT_TIME,
            content_hash=self.content_hash,
            created_version=conversation.version + 1,
            metadata=self.metadata,
            mentions_all=self.mentions_all,
            attachments=tuple(map(shown, attachments)) if attachments else (),
        )
        after = _with_message(
            conversation,
            active_at=COMMIT_TIME,
            seq=message.seq,
            version=message.version,
            last_message=message,
            sent_seq={**conversation.sent_seq, self.sender_id: message.seq},
            mentioned_seq=_mentioned(conversation, message)
            if self.mentions
            else conversation.mentioned_seq,
            last_sender_id=self.sender_id,
            other_seq=conversation.other_seq
            if conversation.last_sender_id == self.sender_id
            else conversation.sent_seq.get(conversation.last_sender_id, conversation.seq),
        )
        if self.mentions_all:
            after = replace(after, mentions_all_seq=message.seq)
        change = Change(
            type=ChangeType.MESSAGE_CREATED,
            version=message.version,
            message=message,
            by=self.sender_id,
        )
        return Outcome(conversation=after, change=change, message=message, attached=attachments)

    def _sent_before(self, known: Known) -> Message | None:
        """Return the message that this `client_id` already created. Raises ClientIdReused."""
        first = known.messages.get(self.creates)
        if first is not None and first.content_hash != self.content_hash:
            raise ClientIdReused
        return first

    def _require_may_send(self, conversation: Conversation) -> None:
        require_unblocked(conversation)
        require_unfrozen(conversation, self.sender_id)
        require_posting(conversation, self.sender_id)
        if self.mentions_all:
            require_role(conversation, self.sender_id, Role.ADMIN)

    def _may_see(self, conversation: Conversation, message: Message) -> bool:
        return may_see(conversation, self.sender_id, message)

    def _attached(self, known: Known, seq: int) -> tuple[StoredAttachment, ...]:
        return attached(
            known.attachments,
            self.attachment_ids,
            conversation_id=self.conversation_id,
            user_id=self.sender_id,
            message_id=self.creates,
            seq=seq,
        )

    def _require_references(self, conversation: Conversation, known: Known) -> None:
        if self.reply_to is not None:
            original = known.messages.get(self.reply_to)
            if original is None or not self._may_see(conversation, original):
                raise unknown_reply_to()
        strangers = (
            FieldError(
                f"mentions.{index}",
                "not_a_participant",
                "Only participants may be mentioned. Remove the other ids.",
            )
            for index, user_id in enumerate(self.mentions)
            if user_id not in conversation.participants
        )
        named = tuple(islice(strangers, MAX_ERRORS))
        if named:
            raise InvalidRequest(*named)


def unknown_reply_to() -> InvalidRequest:
    return InvalidRequest.of(
        "reply_to", "This message does not exist in this conversation.", "does_not_exist"
    )


def _mentioned(conversation: Conversation, message: Message) -> Mapping[str, int]:
    """Return the latest mention of each person. One's own mention of oneself changes nothing."""
    named = dict.fromkeys(message.mentions, message.seq)
    named.pop(message.sender_id, None)
    return {**conversation.mentioned_seq, **named} if named else conversation.mentioned_seq
