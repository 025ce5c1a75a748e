"""Messages: send, edit, delete."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import structlog

from messaging.changes.text_rules import normalise_newlines, require_client_id, require_text
from messaging.commits.acts import SMALL_ACT, Outcome
from messaging.domain.entities import COMMIT_TIME, Change, ChangeType, Conversation, Message, Role
from messaging.domain.exceptions import (
    MOST_ERRORS,
    ClientIdReused,
    FieldError,
    InvalidRequest,
    MessageNotFound,
    PermissionDenied,
)
from messaging.domain.identifiers import content_hash, derived_id, is_stored_id, random_id
from messaging.runtime.app import get_instance
from messaging.services.acting import submit
from messaging.services.rules.rights import (
    require_conversation_id,
    require_message_id,
    require_participant,
    require_role,
    require_unblocked,
    require_unfrozen,
)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    message: Message
    created: bool
    """False when this `client_id` was already sent: the message is the first one's."""


async def send_message(
    *,
    user_id: str,
    conversation_id: str,
    text: str,
    client_id: str | None = None,
    reply_to: str | None = None,
    mentions: Sequence[str] = (),
) -> SentMessage:
    """Store a message and show it to everybody in the conversation.

    With a `client_id` it may be sent again and again and is there once. Returns after the store
    has committed. Raises InvalidRequest, ConversationNotFound, NotAParticipant, ClientIdReused,
    Blocked, StoreUnavailable (then the message may be there; sending again with the `client_id`
    settles).
    """
    require_conversation_id(conversation_id)
    text = normalise_newlines(text)
    require_text(text)
    if client_id is not None:
        require_client_id(client_id)
    if reply_to is not None and not is_stored_id(reply_to):
        raise _unknown_reply_to()
    mentions = tuple(dict.fromkeys(mentions))
    act = _SendMessage(
        creates=derived_id("message", conversation_id, user_id, client_id)
        if client_id is not None
        else random_id(),
        conversation_id=conversation_id,
        sender_id=user_id,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        mentions=mentions,
        content_hash=content_hash(json.dumps([text, reply_to, sorted(mentions)])),
    )
    outcome = await submit(conversation_id, act)
    assert outcome.message is not None
    get_instance().presence.acted(user_id)
    logger.debug("message.sent", message_id=outcome.message.id, seq=outcome.message.seq)
    return SentMessage(message=outcome.message, created=outcome.change is not None)


async def edit_message(
    *, user_id: str, conversation_id: str, message_id: str, text: str
) -> Message:
    """Give one's own message another text.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound (also once it
    is deleted), PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    text = normalise_newlines(text)
    require_text(text)
    act = _EditMessage(user_id=user_id, message_id=message_id, text=text)
    outcome = await submit(conversation_id, act)
    assert outcome.message is not None
    return outcome.message


async def delete_message(*, user_id: str, conversation_id: str, message_id: str) -> int:
    """Take a message's content away for everybody; its place stays. Deleting it again is fine.

    One's own, or as owner or admin anybody's. Members delete nothing in a frozen conversation,
    where it may be evidence. Returns the version of the tombstone. Raises ConversationNotFound,
    NotAParticipant, MessageNotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    act = _DeleteMessage(user_id=user_id, message_id=message_id)
    outcome = await submit(conversation_id, act)
    assert outcome.message is not None
    return outcome.message.version


@dataclass(frozen=True, slots=True, kw_only=True)
class _SendMessage:
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
        return len(self.text.encode()) + SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.sender_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
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
        # Spelled out, for `replace` takes nearly twice as long, and each message passes here.
        after = Conversation(
            id=conversation.id,
            kind=conversation.kind,
            title=conversation.title,
            participants=conversation.participants,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            active_at=COMMIT_TIME,
            seq=message.seq,
            version=message.version,
            last_message=message,
            sent_seq={**conversation.sent_seq, self.sender_id: message.seq},
            preferences=conversation.preferences,
            blocked_by=conversation.blocked_by,
            frozen=conversation.frozen,
            uncounted=conversation.uncounted,
            content_hash=conversation.content_hash,
            commit_id=conversation.commit_id,
            token=conversation.token,
            counted=conversation.counted,
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
            raise _unknown_reply_to()
        strangers = (
            FieldError(f"mentions.{index}", "not_a_participant", "Mention participants only.")
            for index, user_id in enumerate(self.mentions)
            if user_id not in conversation.participants
        )
        named = tuple(islice(strangers, MOST_ERRORS))
        if named:
            raise InvalidRequest(*named)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EditMessage:
    user_id: str
    message_id: str
    text: str
    creates: None = None

    @property
    def reads(self) -> Sequence[str]:
        return (self.message_id,)

    @property
    def size(self) -> int:
        return len(self.text.encode()) + SMALL_ACT

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
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
class _DeleteMessage:
    user_id: str
    message_id: str
    creates: None = None
    size: int = SMALL_ACT

    @property
    def reads(self) -> Sequence[str]:
        return (self.message_id,)

    def authorize(self, conversation: Conversation) -> None:
        require_participant(conversation, self.user_id)

    def evaluate(self, conversation: Conversation, messages: Mapping[str, Message]) -> Outcome:
        self.authorize(conversation)
        message = messages.get(self.message_id)
        if message is None:
            raise MessageNotFound
        if message.sender_id != self.user_id:
            require_role(conversation, self.user_id, Role.ADMIN)
        require_unfrozen(conversation, self.user_id)
        return deleted(conversation, message, by=self.user_id)


def deleted(conversation: Conversation, message: Message, *, by: str) -> Outcome:
    """The conversation with a tombstone in the message's place."""
    if message.deleted_at is not None:
        return Outcome(conversation=conversation, message=message)
    tombstone = replace(
        message,
        version=conversation.version + 1,
        text=None,
        reply_to=None,
        mentions=(),
        deleted_at=COMMIT_TIME,
        created_version=message.first_version,
    )
    counted = replace(conversation, uncounted=conversation.uncounted.adding(message.seq))
    return _changed_message(counted, tombstone, ChangeType.MESSAGE_DELETED, by)


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


def _unknown_reply_to() -> InvalidRequest:
    return InvalidRequest.of(
        "reply_to", "This message does not exist in this conversation.", "does_not_exist"
    )
