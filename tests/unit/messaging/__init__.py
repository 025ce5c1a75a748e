"""The core, part by part. What a test needs to change a conversation stands here."""

from messaging.changes.change import ConversationChange
from messaging.changes.conversations import UpdateConversation
from messaging.changes.messages.deleting import DeleteMessage
from messaging.changes.messages.editing import EditMessage
from messaging.changes.messages.pinning import PinMessage
from messaging.changes.messages.reacting import React
from messaging.changes.messages.sending import SendMessage
from messaging.changes.participants import AddParticipants, RemoveParticipant, SetRole
from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.identifiers import content_hash, derived_id, random_id
from messaging.domain.participant import Participant, Role


def new_group(*user_ids: str, title: str = "Tea") -> Conversation:
    """A group that is not stored yet; the first of its people owns it."""
    return Conversation(
        id=random_id(),
        kind=ConversationKind.GROUP,
        title=title,
        participants={
            user_id: Participant(
                user_id=user_id, role=Role.MEMBER if index else Role.OWNER, joined_version=0
            )
            for index, user_id in enumerate(user_ids)
        },
        created_at=COMMIT_TIME,
        updated_at=COMMIT_TIME,
        active_at=COMMIT_TIME,
    )


def send(
    conversation_id: str,
    user_id: str,
    text: str = "hello",
    client_id: str | None = None,
    mentions: tuple[str, ...] = (),
) -> ConversationChange:
    """The act of sending a message."""
    return SendMessage(
        creates=derived_id("message", conversation_id, user_id, client_id)
        if client_id is not None
        else random_id(),
        conversation_id=conversation_id,
        sender_id=user_id,
        client_id=client_id,
        text=text,
        reply_to=None,
        mentions=mentions,
        content_hash=content_hash(text, *mentions),
    )


def edit(user_id: str, message_id: str, text: str) -> EditMessage:
    return EditMessage(user_id=user_id, message_id=message_id, changes={"text": text})


def pin(user_id: str, message_id: str) -> ConversationChange:
    return PinMessage(user_id=user_id, message_id=message_id, pinned=True)


def delete(user_id: str, message_id: str) -> ConversationChange:
    return DeleteMessage(user_id=user_id, message_id=message_id)


def react(user_id: str, message_id: str, emoji: str, *, present: bool = True) -> ConversationChange:
    return React(user_id=user_id, message_id=message_id, emoji=emoji, present=present)


def rename(user_id: str, title: str) -> ConversationChange:
    return UpdateConversation(user_id=user_id, changes={"title": title})


def add(user_id: str, *people: str) -> ConversationChange:
    return AddParticipants(user_id=user_id, user_ids=people, role=Role.MEMBER)


def remove(user_id: str, person: str) -> ConversationChange:
    return RemoveParticipant(user_id=user_id, participant_id=person)


def set_role(user_id: str, person: str, role: Role) -> ConversationChange:
    return SetRole(user_id=user_id, participant_id=person, role=role)
