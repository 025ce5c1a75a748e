"""Changes of messages: send, edit, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from messaging.changes.change import SMALL_CHANGE, Outcome
from messaging.changes.rights import (
    require_participant,
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
    MessageNotFound,
    PermissionDenied,
)
from messaging.domain.fields.codec import copier
from messaging.domain.message import Message
from messaging.domain.participant import Role

_with_message = copier(Conversation, "active_at", "seq", "version", "last_message", "sent_seq")


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

    @property
    def reads(self) -> Sequence[str]:
        return () if self.reply_to is None else (self.reply_to,)

    @property
    def size(self) -> int:
        return len(self.text.encode()) + SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.sender_id)

    def apply(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        self.authorize(conversation)
        first = messages.get(self.creates)
        if first is not None:
            if first.content_hash != self.content_hash:
                raise ClientIdReused
            return Outcome(conversation=conversation, message=first)
        require_unblocked(conversation)
        require_unfrozen(conversation, self.sender_id)
        self._require_references(conversation, messages)
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
        )
        after = _with_message(
            conversation,
            active_at=COMMIT_TIME,
            seq=message.seq,
            version=message.version,
            last_message=message,
            sent_seq={**conversation.sent_seq, self.sender_id: message.seq},
        )
        change = Change(
            type=ChangeType.MESSAGE_CREATED,
            version=message.version,
            message=message,
            by=self.sender_id,
        )
        return Outcome(conversation=after, change=change, message=message)

    def _require_references(
        self, conversation: Conversation, messages: Mapping[str, Message]
    ) -> None:
        if self.reply_to is not None and self.reply_to not in messages:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage:
    user_id: str
    message_id: str
    text: str
    creates: None = None

    @property
    def reads(self) -> Sequence[str]:
        return (self.message_id,)

    @property
    def size(self) -> int:
        return len(self.text.encode()) + SMALL_CHANGE

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        self.authorize(conversation)
        message = messages.get(self.message_id)
        if message is None or message.deleted_at is not None:
            raise MessageNotFound
        if message.sender_id != self.user_id:
            raise PermissionDenied("Only the sender may edit a message.")
        require_unblocked(conversation)
        require_unfrozen(conversation, self.user_id)
        if message.text == self.text:
            return Outcome(conversation=conversation, message=message)
        edited = replace(
            message,
            text=self.text,
            version=conversation.version + 1,
            edited_at=COMMIT_TIME,
            created_version=message.first_version,
        )
        return _changed_message(conversation, edited, ChangeType.MESSAGE_UPDATED, self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage:
    user_id: str
    message_id: str
    creates: None = None
    size: int = SMALL_CHANGE

    @property
    def reads(self) -> Sequence[str]:
        return (self.message_id,)

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def apply(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        self.authorize(conversation)
        message = messages.get(self.message_id)
        if message is None:
            raise MessageNotFound
        if message.sender_id != self.user_id:
            require_role(conversation, self.user_id, Role.ADMIN)
        require_unfrozen(conversation, self.user_id)
        return deleted(conversation, message, by=self.user_id)


def deleted(conversation: Conversation, message: Message, *, by: str) -> Outcome:
    """Return the conversation with a tombstone in the place of the message."""
    if message.deleted_at is not None:
        return Outcome(conversation=conversation, message=message)
    tombstone = replace(
        message,
        version=conversation.version + 1,
        text=None,
        reply_to=None,
        mentions=(),
        mentions_all=False,
        metadata=None,
        attachments=(),
        reactions={},
        pinned_at=None,
        deleted_at=COMMIT_TIME,
        created_version=message.first_version,
    )
    pinned = conversation.pinned_count - (message.pinned_at is not None)
    latest_to_all = conversation.mentions_all_seq
    without = replace(
        conversation,
        uncounted=conversation.uncounted.adding(message.seq),
        pinned_count=max(pinned, 0),
        mentions_all_seq=0 if latest_to_all == message.seq else latest_to_all,
    )
    return _changed_message(without, tombstone, ChangeType.MESSAGE_DELETED, by)


def _changed_message(
    conversation: Conversation, message: Message, change_type: ChangeType, by: str
) -> Outcome:
    last = conversation.last_message
    after = replace(
        conversation,
        version=message.version,
        last_message=message if last is not None and last.id == message.id else last,
    )
    change = Change(type=change_type, version=message.version, message=message, by=by)
    return Outcome(conversation=after, change=change, message=message)


def unknown_reply_to() -> InvalidRequest:
    return InvalidRequest.of(
        "reply_to", "This message does not exist in this conversation.", "does_not_exist"
    )
