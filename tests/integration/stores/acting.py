"""Acts as the services make them, for what tries the writer without an instance around it."""

import json
from collections.abc import Sequence

from messaging.changes.change import ConversationChange
from messaging.changes.conversations import UpdateConversation
from messaging.changes.messages.editing import EditMessage
from messaging.changes.messages.sending import SendMessage
from messaging.changes.participants import AddParticipants
from messaging.domain.identifiers import content_hash, derived_id
from messaging.domain.participant import Role


def send(
    conversation_id: str,
    text: str,
    *,
    client_id: str,
    sender: str = "ann",
    mentions: Sequence[str] = (),
) -> ConversationChange:
    return SendMessage(
        creates=derived_id("message", conversation_id, sender, client_id),
        conversation_id=conversation_id,
        sender_id=sender,
        client_id=client_id,
        text=text,
        reply_to=None,
        mentions=tuple(mentions),
        content_hash=content_hash(json.dumps([text, None, sorted(mentions)])),
    )


def edit(message_id: str, text: str, *, sender: str = "ann") -> ConversationChange:
    return EditMessage(user_id=sender, message_id=message_id, changes={"text": text})


def rename(title: str, *, by: str = "ann") -> ConversationChange:
    return UpdateConversation(user_id=by, changes={"title": title})


def add(*user_ids: str, by: str = "ann") -> ConversationChange:
    return AddParticipants(user_id=by, user_ids=user_ids, role=Role.MEMBER)
